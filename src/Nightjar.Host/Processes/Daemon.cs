using System.Diagnostics;
using System.Globalization;
using Nightjar.Host.Configuration;
using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Processes;

/// <summary>
/// <c>-d</c>: the broker in the background. A runtime with threads cannot fork, so the program starts itself anew, and the new process leaves the
/// terminal before it does anything.
/// </summary>
internal static class Daemon
{
    private const string Variable = "NIGHTJAR_DAEMON";
    private const string Null = "/dev/null";

    /// <summary>Whether this process is the one in the background.</summary>
    internal static bool IsThis => Environment.GetEnvironmentVariable(Variable) is not null;

    /// <summary>Starts the background process.</summary>
    /// <param name="args">The command line without <c>-d</c>.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">It cannot be started.</exception>
    internal static void Start(IEnumerable<string> args)
    {
        var program = Environment.ProcessPath!;
        // Run by the dotnet command, the program itself is its first argument.
        var own = Path.GetFileNameWithoutExtension(program) == "dotnet" ? new[] { Environment.GetCommandLineArgs()[0] } : [];
        var start = new ProcessStartInfo(program, [.. own, .. args]) { UseShellExecute = false };
        start.Environment[Variable] = "1";
        Process.Start(start)!.Dispose();
    }

    /// <summary>Leaves the terminal: a session of its own, and nothing read from or written to where it was started.</summary>
    internal static void Detach()
    {
        if (!OperatingSystem.IsLinux()) return;
        _ = LibC.SetSession();
        // The runtime keeps duplicates of its own: whoever waits for the end of the starter's output would wait for ours.
        var descriptors = Directory.GetFileSystemEntries("/proc/self/fd");
        var terminal = Enumerable.Range(0, 3).Select(standard => TargetOf($"/proc/self/fd/{standard}")).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var nowhere = LibC.Open(Null, LibC.ReadWrite);
        if (nowhere < 0) return;
        foreach (var descriptor in descriptors)
        {
            if (TargetOf(descriptor) is { } target && terminal.Contains(target))
                _ = LibC.Duplicate(nowhere, int.Parse(Path.GetFileName(descriptor), CultureInfo.InvariantCulture));
        }

        if (nowhere > 2) _ = LibC.Close(nowhere);
    }

    /// <summary>In the background there is no stderr: without a <c>log_dest</c> lines go to syslog, as Mosquitto's do.</summary>
    internal static LogSection LogOf(HostConfiguration configuration) =>
        IsThis && !configuration.Settings.ContainsKey("log_dest") ? configuration.Log with { Destinations = LogDestinations.Syslog } : configuration.Log;

    private static string? TargetOf(string descriptor)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget;
        }
        catch (IOException)
        {
            // Closed meanwhile: the one that listed them.
            return null;
        }
    }
}
