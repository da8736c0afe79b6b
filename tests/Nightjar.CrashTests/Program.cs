using Nightjar.CrashTests.Ledgers;
using Nightjar.CrashTests.Processes;

namespace Nightjar.CrashTests;

/// <summary>The crash harness; see <c>--help</c>.</summary>
internal static class Program
{
    internal static async Task<int> Main(string[] arguments)
    {
        if (CrashOptions.Parse(arguments, out var message) is not { } options)
        {
            await Console.Out.WriteLineAsync(message);
            return message == CrashOptions.Usage ? 0 : 2;
        }

        return await RunAsync(options, Console.Out);
    }

    /// <summary>Runs and prints.</summary>
    /// <returns>The exit code.</returns>
    internal static async Task<int> RunAsync(CrashOptions options, TextWriter output)
    {
        var folder = options.Folder ?? Path.Combine(Path.GetTempPath(), $"nightjar-crash-{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder);
        var ledger = new Ledger(output.WriteLine);
        await output.WriteLineAsync($"seed {options.Seed}");
        try
        {
            var lines = options.ConfigurationFile is { } file ? await File.ReadAllTextAsync(file) : "";
            await using var broker = new BrokerUnderTest(folder, store => options.IsPersistent
                ? BrokerUnderTest.DurableConfiguration(store) + lines
                : "allow_anonymous true\nmax_queued_messages 0\n" + lines);
            if (options.EveryOperation) await new OperationRun(options, broker, ledger, output).RunAsync();
            else if (options.Backlog > 0) await new BacklogRun(options, broker, ledger, output).RunAsync();
            else await new CrashRun(options, broker, ledger, output).RunAsync();
            await output.WriteLineAsync($"longest start: {broker.LongestStart.TotalMilliseconds:F0} ms");
        }
        catch (BrokerFailedException exception)
        {
            await output.WriteLineAsync(exception.Message);
            return 2;
        }

        await output.WriteLineAsync(ledger.Summary());
        return ledger.ViolationCount == 0 ? 0 : 1;
    }
}
