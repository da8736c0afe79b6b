using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Nightjar.Host.Verbs.Options;

namespace Nightjar.Host.Verbs.Certificates;

/// <summary>A command line of <c>nightjar cert</c>. Immutable.</summary>
internal sealed class CertArguments
{
    // A hundred years: far enough, and a date that every certificate can say.
    private const int MaximumDays = 36_525;

    private readonly List<string> _names = [];
    private readonly List<string> _alternativeNames = [];
    private string? _folder;

    private CertArguments(CertCommand command) => Command = command;

    internal CertCommand Command { get; }

    /// <summary>-d</summary>
    internal string Folder => _folder!;

    /// <summary>Of the certificate; null for commands that take none.</summary>
    internal string? Name => _names.FirstOrDefault();

    /// <summary>--name, --cn</summary>
    internal string? CommonName { get; private set; }

    /// <summary>--days, 1 to 36 525; null when not given.</summary>
    internal int? Days { get; private set; }

    /// <summary>--san</summary>
    internal IReadOnlyList<string> AlternativeNames => _alternativeNames;

    /// <summary>--reason</summary>
    internal X509RevocationReason Reason { get; private set; }

    /// <summary>--rsa</summary>
    internal bool UseRsa { get; private set; }

    /// <summary>--force</summary>
    internal bool Force { get; private set; }

    private bool Issues => Command is CertCommand.Server or CertCommand.Client;

    private bool TakesName => Issues || Command == CertCommand.Revoke;

    /// <summary>Reads a command line.</summary>
    /// <exception cref="UsageException">It is wrong; the message says what.</exception>
    internal static CertArguments Parse(string[] args)
    {
        var result = new CertArguments(CommandOf(args[0]));
        int i = 1;
        while (i < args.Length)
        {
            string arg = args[i++];
            string Value() => i < args.Length ? args[i++] : throw new UsageException($"Error: {arg} argument given but no value specified.");
            if (!result.TryTake(arg, Value))
                throw new UsageException($"Error: Unknown option '{arg}' for 'nightjar cert {args[0]}'.");
        }
        result.Check(args[0]);
        return result;
    }

    private static CertCommand CommandOf(string word) => word switch
    {
        "ca" => CertCommand.Authority,
        "server" => CertCommand.Server,
        "client" => CertCommand.Client,
        "revoke" => CertCommand.Revoke,
        "crl" => CertCommand.RevocationList,
        "list" => CertCommand.List,
        _ => throw new UsageException($"Error: Unknown command 'nightjar cert {word}': ca, server, client, revoke, crl or list is possible."),
    };

    private bool TryTake(string arg, Func<string> value)
    {
        switch (arg)
        {
            case "-d":
                _folder = value();
                return true;
            case "--name" when Command == CertCommand.Authority:
            case "--cn" when Issues:
                CommonName = value();
                return true;
            case "--days" when Command != CertCommand.List:
                Days = ParseDays(value());
                return true;
            case "--san" when Command == CertCommand.Server:
                _alternativeNames.Add(value());
                return true;
            case "--reason" when Command == CertCommand.Revoke:
                Reason = RevocationReasons.Parse(value());
                return true;
            case "--rsa" when Issues || Command == CertCommand.Authority:
                UseRsa = true;
                return true;
            case "--force" when Issues || Command == CertCommand.Authority:
                Force = true;
                return true;
        }
        if (!TakesName || arg.StartsWith('-'))
            return false;
        _names.Add(arg);
        return true;
    }

    private void Check(string word)
    {
        if (string.IsNullOrEmpty(_folder))
            throw new UsageException($"Error: 'nightjar cert {word}' needs the authority's folder: -d DIR.");
        if (TakesName && _names.Count != 1)
            throw new UsageException($"Error: 'nightjar cert {word}' needs one NAME, and {_names.Count} are given.");
    }

    private static int ParseDays(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int days) && days is >= 1 and <= MaximumDays
            ? days
            : throw new UsageException($"Error: --days must be 1 to {MaximumDays}, not '{text}'.");
}
