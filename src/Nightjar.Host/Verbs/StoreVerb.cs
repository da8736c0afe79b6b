using Nightjar.Host.Processes;
using Nightjar.Host.Verbs.Options;
using Nightjar.Host.Verbs.Store;
using Nightjar.Storage.Inspection;

namespace Nightjar.Host.Verbs;

/// <summary><c>nightjar store</c>: looks into the files of brokers, and takes over those of Mosquitto.</summary>
internal static class StoreVerb
{
    /// <summary>Does what one command line asks for.</summary>
    /// <param name="args">What stands behind the verb.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    /// <param name="time">The clock that tells what has expired.</param>
    /// <returns>0 when it is done and good; 1 when the file is damaged or it cannot be done; 3 for wrong options.</returns>
    internal static async Task<int> RunAsync(string[] args, Stream output, TextWriter error, TimeProvider time)
    {
        await using var text = new StreamWriter(output, leaveOpen: true);
        try
        {
            if (StoreUsage.For(args) is { } usage)
            {
                await text.WriteLineAsync(usage);
                return 0;
            }

            var arguments = StoreArguments.Parse(args);
            return arguments.Command == StoreCommand.Import ? await ImportAsync(arguments, text, error, time) : Look(arguments, output, text, error, time);
        }
        catch (UsageException exception)
        {
            await error.WriteLineAsync(exception.Message);
            await error.WriteLineAsync("Use 'nightjar store --help' to see usage.");
            return 3;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync($"Error: {exception.Message}");
            return 1;
        }
    }

    private static int Look(StoreArguments arguments, Stream output, TextWriter text, TextWriter error, TimeProvider time)
    {
        using var view = StoreView.Open(arguments.File, time);
        switch (arguments.Command)
        {
            case StoreCommand.Dump:
                view.Dump(output, arguments.AsJson);
                foreach (var remark in view.Remarks) error.WriteLine($"Odd: {remark}");
                return 0;
            case StoreCommand.Stats:
                var summary = view.Survey();
                if (arguments.AsJson) StoreReport.WriteStatsAsJson(text, arguments.File, view.Format, summary);
                else StoreReport.WriteStats(text, arguments.File, view.Format, summary);
                return 0;
            default:
                return Check(arguments.File, view, text);
        }
    }

    private static int Check(string file, StoreView view, TextWriter text)
    {
        var summary = view.Survey(checksPages: true);
        text.WriteLine($"{file}: {view.Format}");
        StoreReport.WriteCounts(text, summary.Counts);
        foreach (var remark in summary.Remarks) text.WriteLine($"Odd: {remark}");
        foreach (var problem in summary.Problems) text.WriteLine($"Wrong: {problem}");
        text.WriteLine(summary.Problems.Count == 0 ? "The store is good."
            : view.IsMosquitto ? "The store is damaged. Restore it from a copy; an import takes what is not wrong."
            : "The store is damaged. Restore it from a copy, or start once with persistence_recover true: what can be read is kept, the damaged file is put aside.");
        return summary.Problems.Count == 0 ? 0 : 1;
    }

    private static async Task<int> ImportAsync(StoreArguments arguments, TextWriter text, TextWriter error, TimeProvider time)
    {
        var result = await StoreImporter.RunAsync(arguments.File, arguments.Target, arguments.Replace, time);
        StoreReport.WriteImport(text, arguments.Target, result);
        if (!FileOwner.TryCopy(arguments.File, arguments.Target))
            await error.WriteLineAsync($"Warning: {arguments.Target} does not belong to the owner of {arguments.File}; the broker needs the right to write it.");
        return 0;
    }
}
