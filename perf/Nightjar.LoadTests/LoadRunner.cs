using Nightjar.LoadTests.CommandLine;
using Nightjar.LoadTests.Measuring;
using Nightjar.LoadTests.Reporting;
using Nightjar.LoadTests.Scenarios;
using Nightjar.Transport.Tls;

namespace Nightjar.LoadTests;

/// <summary>One invocation: reads the command line, runs the scenarios, writes the reports, tells the exit code.</summary>
internal static class LoadRunner
{
    /// <summary>All thresholds were kept.</summary>
    internal const int Kept = 0;

    /// <summary>A threshold was missed.</summary>
    internal const int Missed = 1;

    /// <summary>Wrong usage, or the broker could not be used, or the run was given up.</summary>
    internal const int Failed = 2;

    private const string StandardOutput = "-";

    /// <summary>Runs.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="output">Takes the report.</param>
    /// <param name="error">Takes errors and the progress line.</param>
    /// <param name="hasTerminal">The progress line can be written over; else there are plain lines.</param>
    /// <param name="cancellationToken">Gives the run up.</param>
    internal static async Task<int> RunAsync(
        IReadOnlyList<string> arguments, TextWriter output, TextWriter error, bool hasTerminal, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> problems = LoadOptionParser.Parse(arguments, out LoadOptions options);
        foreach (string problem in problems) await error.WriteLineAsync(problem).ConfigureAwait(false);
        if (problems.Count > 0) return Failed;
        if (options.ShowHelp)
        {
            await output.WriteLineAsync(Usage.Text).ConfigureAwait(false);
            return Kept;
        }

        try
        {
            ProgressLine? line = options.ShowProgress ? new ProgressLine(error, hasTerminal) : null;
            return await RunAsync(options, output, line, cancellationToken).ConfigureAwait(false);
        }
        catch (BrokerUnusableException exception)
        {
            await error.WriteLineAsync(exception.Message).ConfigureAwait(false);
        }
        catch (TlsFileException exception)
        {
            await error.WriteLineAsync(exception.Message).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await error.WriteLineAsync("Given up.").ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync($"The report cannot be written: {exception.Message}").ConfigureAwait(false);
        }

        return Failed;
    }

    private static async Task<int> RunAsync(LoadOptions options, TextWriter output, ProgressLine? line, CancellationToken cancellationToken)
    {
        DateTimeOffset started = DateTimeOffset.UtcNow;
        if (options.ReportFolder is { } folder) Directory.CreateDirectory(folder);
        using CertificateClientContext? tls = options.Tls is { } files ? CertificateClientContext.Load(files) : null;
        List<ScenarioResult> results = [];
        foreach (Scenario scenario in options.Scenarios)
        {
            Action<string, TimePoint, Totals>? progress = line is null ? null : (phase, point, totals) => line.Show(scenario.Name, phase, point, totals);
            try
            {
                results.Add(await scenario.RunAsync(new ScenarioContext(options, progress, tls, cancellationToken)).ConfigureAwait(false));
            }
            finally
            {
                line?.Clear();
            }
        }

        var report = new Report(options, started, results);
        await output.WriteAsync(options.JsonFile == StandardOutput ? JsonReport.Write(report) : ConsoleReport.Write(report)).ConfigureAwait(false);
        if (options.JsonFile is { } file && file != StandardOutput)
            await File.WriteAllTextAsync(file, JsonReport.Write(report), cancellationToken).ConfigureAwait(false);
        if (options.ReportFolder is not null) await WriteFilesAsync(report, options.ReportFolder, cancellationToken).ConfigureAwait(false);
        return report.AreThresholdsKept ? Kept : Missed;
    }

    private static async Task WriteFilesAsync(Report report, string folder, CancellationToken cancellationToken)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "report.md"), MarkdownReport.Write(report), cancellationToken).ConfigureAwait(false);
        await File.WriteAllTextAsync(Path.Combine(folder, "report.json"), JsonReport.Write(report), cancellationToken).ConfigureAwait(false);
        await File.WriteAllTextAsync(Path.Combine(folder, "report.html"), HtmlReport.Write(report), cancellationToken).ConfigureAwait(false);
    }
}
