using System.Reflection;
using Nightjar.Host.Verbs.Options;

namespace Nightjar.Host.Verbs;

/// <summary>The frame of the three verbs: --help, --version, usage errors.</summary>
internal static class ToolVerb
{
    /// <summary>What --version says.</summary>
    internal static string Version { get; } =
        typeof(ToolVerb).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    internal static async Task<int> RunAsync(
        ToolKind kind, string[] args, Stream stdout, TextWriter stderr, Func<ToolOptions, Task<int>> run)
    {
        string name = kind.ToString().ToLowerInvariant();
        if (args.Contains("--help"))
        {
            await stdout.WriteAsync(System.Text.Encoding.UTF8.GetBytes(ToolUsage.Text(kind))).ConfigureAwait(false);
            return 1;
        }

        if (args.Contains("--version"))
        {
            await stdout.WriteAsync(System.Text.Encoding.UTF8.GetBytes($"nightjar {name} version {Version}\n")).ConfigureAwait(false);
            return 1;
        }

        ToolOptions options;
        try
        {
            string? path = ToolOptionFile.Find(kind, Environment.GetEnvironmentVariable);
            using StreamReader? optionFile = path is null ? null : new StreamReader(path);
            options = ToolOptionParser.Parse(kind, args, optionFile);
        }
        catch (UsageException exception)
        {
            await stderr.WriteAsync(exception.Message).ConfigureAwait(false);
            if (exception.HasHint) await stderr.WriteAsync($"\nUse 'nightjar {name} --help' to see usage.\n").ConfigureAwait(false);
            if (exception.ShowsUsage) await stdout.WriteAsync(System.Text.Encoding.UTF8.GetBytes(ToolUsage.Text(kind))).ConfigureAwait(false);
            await stderr.FlushAsync().ConfigureAwait(false);
            return 1;
        }

        try
        {
            return await run(options).ConfigureAwait(false);
        }
        catch (UsageException exception)
        {
            // What only using the options tells: their files.
            ToolErrors.Write(stderr, exception.Message, options.Quiet);
            return 1;
        }
    }
}
