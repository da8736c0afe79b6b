using Nightjar.Host.Verbs.Options;

namespace Nightjar.Host.Verbs.Store;

/// <summary>A command line of <c>nightjar store</c>. Immutable.</summary>
internal sealed class StoreArguments
{
    private readonly List<string> _files = [];
    private string? _target;

    private StoreArguments(StoreCommand command) => Command = command;

    internal StoreCommand Command { get; }

    internal string File => _files[0];

    /// <summary>--to, the second FILE, or what stands for it.</summary>
    internal string Target => _target ?? _files.ElementAtOrDefault(1) ?? Path.Combine(Path.GetDirectoryName(File) ?? "", "nightjar.db");

    /// <summary>--json</summary>
    internal bool AsJson { get; private set; }

    /// <summary>--replace</summary>
    internal bool Replace { get; private set; }

    /// <summary>Reads a command line.</summary>
    /// <exception cref="UsageException">It is wrong; the message says what.</exception>
    internal static StoreArguments Parse(string[] args)
    {
        var result = new StoreArguments(args[0] switch
        {
            "check" => StoreCommand.Check,
            "dump" => StoreCommand.Dump,
            "stats" => StoreCommand.Stats,
            "import" => StoreCommand.Import,
            _ => throw new UsageException($"Error: Unknown command 'nightjar store {args[0]}': check, dump, stats or import is possible."),
        });
        for (var i = 1; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--json" when result.Command is StoreCommand.Dump or StoreCommand.Stats:
                    result.AsJson = true;
                    break;
                case "--replace" when result.Command == StoreCommand.Import:
                    result.Replace = true;
                    break;
                case "--to" when result.Command == StoreCommand.Import:
                    result._target = ++i < args.Length ? args[i] : throw new UsageException("Error: --to argument given but no value specified.");
                    break;
                case ['-', _, ..]:
                    throw new UsageException($"Error: Unknown option '{args[i]}' for 'nightjar store {args[0]}'.");
                default:
                    result._files.Add(args[i]);
                    break;
            }
        }

        return result._files is [{ Length: > 0 }] || (result is { Command: StoreCommand.Import, _target: null, _files: [{ Length: > 0 }, { Length: > 0 }] })
            ? result
            : throw new UsageException($"Error: 'nightjar store {args[0]}' needs one FILE, and {result._files.Count} are given.");
    }
}
