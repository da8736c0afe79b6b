using System.Globalization;

namespace Nightjar.CrashTests;

/// <summary>What a run does. Immutable.</summary>
internal sealed record CrashOptions
{
    internal const string Usage = """
        Kills the broker again and again, and looks whether it has kept what it acknowledged.

        Usage: dotnet run -c Release --project tests/Nightjar.CrashTests [-- OPTIONS]

         --cycles N     : how often it is killed, 20 unless given.
         --judge N      : after how many cycles everything is finished and judged, 10 unless given; at the end in any case.
         --longest MS   : longest time from a start to the kill, in milliseconds, 400 unless given.
         --seed N       : of the random decisions; another one at every run unless given, and printed. Times stay what they are.
         --folder DIR   : where the store lies; a folder of its own below the temporary one unless given.
         --config FILE  : further lines of the broker's configuration, after those that it must lose nothing under.
         --no-persistence : runs the broker without a store: the run must find losses, or it is worth nothing.
         --backlog N    : has subscribers take queues of N messages instead, and kills the broker while they do.
         --operations   : kills the broker at every single write and sync of one of each operation instead, by strace.
         --step N       : with --operations, only at every Nth of them; 1 unless given.
         --first N      : with --operations, from the Nth of them on; 1 unless given. With --step N, 1 to N are all of them in parts.

        Prints what was done and found. Exit codes: 0 nothing was violated, 1 something was, 2 wrong options or the broker does not start.
        """;

    internal int Cycles { get; init; } = 20;

    internal int JudgeEvery { get; init; } = 10;

    internal int LongestMilliseconds { get; init; } = 400;

    internal int Seed { get; init; } = Environment.TickCount & int.MaxValue;

    internal string? Folder { get; init; }

    internal string? ConfigurationFile { get; init; }

    internal bool IsPersistent { get; init; } = true;

    internal bool EveryOperation { get; init; }

    /// <summary>Messages of a queue; 0 for the usual run.</summary>
    internal int Backlog { get; init; }

    internal int Step { get; init; } = 1;

    internal int First { get; init; } = 1;

    /// <summary>Reads a command line.</summary>
    /// <param name="arguments">The words.</param>
    /// <param name="message">What is wrong, or the usage when it was asked for.</param>
    /// <returns>Null when there is a message.</returns>
    internal static CrashOptions? Parse(string[] arguments, out string message)
    {
        var options = new CrashOptions();
        message = "";
        for (var i = 0; i < arguments.Length; i++)
        {
            var name = arguments[i];
            string? Value() => i + 1 < arguments.Length ? arguments[++i] : null;
            int? Number() => int.TryParse(Value(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
            var next = name switch
            {
                "--cycles" => Number() is { } cycles and > 0 ? options with { Cycles = cycles } : null,
                "--judge" => Number() is { } every and > 0 ? options with { JudgeEvery = every } : null,
                "--longest" => Number() is { } longest and > 1 ? options with { LongestMilliseconds = longest } : null,
                "--seed" => Number() is { } seed ? options with { Seed = seed } : null,
                "--folder" => Value() is { } folder ? options with { Folder = folder } : null,
                "--config" => Value() is { } file ? options with { ConfigurationFile = file } : null,
                "--no-persistence" => options with { IsPersistent = false },
                "--backlog" => Number() is { } backlog and > 0 ? options with { Backlog = backlog } : null,
                "--operations" => options with { EveryOperation = true },
                "--step" => Number() is { } step and > 0 ? options with { Step = step } : null,
                "--first" => Number() is { } first and > 0 ? options with { First = first } : null,
                _ => null,
            };
            if (next is null)
            {
                message = name is "-h" or "--help" ? Usage : $"'{name}' is no option, or has no valid value; see --help.";
                return null;
            }

            options = next;
        }

        return options;
    }
}
