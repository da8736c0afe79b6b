using System.Collections.Concurrent;
using System.Diagnostics;
using Nightjar.Testing;

namespace Nightjar.EndToEnd.Tests.Tools;

/// <summary>Finds the clients that no one here wrote, which the tests run against the broker.</summary>
internal static class ExternalTool
{
    /// <summary>A Python interpreter that has Paho; the path found is the interpreter's.</summary>
    public const string PahoPython = "python3-paho-mqtt";

    /// <summary>Node.js with MQTT.js installed in the folder <c>mqttjs</c>; the path found is Node's.</summary>
    public const string MqttJs = "mqtt.js";

    private static readonly ConcurrentDictionary<string, string?> Found = new(StringComparer.Ordinal);

    /// <summary>Whether missing tools make tests fail rather than be skipped.</summary>
    public static bool IsContinuousIntegration => Environment.GetEnvironmentVariable("CI") == "true";

    /// <summary>The executable of a tool: a name on the PATH, or one of the constants of this class.</summary>
    /// <returns>A full path; null when the tool is not installed.</returns>
    public static string? Find(string tool) => Found.GetOrAdd(tool, Search);

    /// <summary>The executable of a tool that the test cannot do without.</summary>
    /// <exception cref="FileNotFoundException">The tool is not installed.</exception>
    public static string Require(string tool) => Find(tool) ?? throw new FileNotFoundException(HowToInstall(tool));

    /// <summary>Why a test that needs these tools is skipped; null when it can run or when it must not be skipped.</summary>
    public static string? SkipReason(string[] tools) => SkipReason(tools, IsContinuousIntegration);

    /// <summary>The same, told whether skipping is forbidden.</summary>
    public static string? SkipReason(string[] tools, bool neverSkip)
    {
        string[] missing = [.. tools.Where(tool => Find(tool) is null)];
        return missing.Length == 0 || neverSkip ? null : string.Join("; ", missing.Select(HowToInstall));
    }

    private static string? Search(string tool) => tool switch
    {
        PahoPython => OnPath("python3").FirstOrDefault(HasPaho),
        MqttJs => Directory.Exists(Path.Combine(RepositoryTree.Root, "tests/Nightjar.EndToEnd.Tests/mqttjs/node_modules/mqtt"))
            ? OnPath("node").FirstOrDefault()
            : null,
        _ => OnPath(tool).FirstOrDefault(),
    };

    private static string HowToInstall(string tool) => tool switch
    {
        MqttJs => "mqtt.js is not installed: npm ci --prefix tests/Nightjar.EndToEnd.Tests/mqttjs",
        PahoPython => "Paho for Python is not installed: apt-get install python3-paho-mqtt",
        _ => $"{tool} is not installed",
    };

    // Debian puts brokers into sbin, which is not on everybody's PATH.
    private static IEnumerable<string> OnPath(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Concat(["/usr/bin", "/usr/sbin", "/usr/local/sbin"])
            .Select(folder => Path.Combine(folder, name))
            .Where(File.Exists)
            .Distinct(StringComparer.Ordinal);

    private static bool HasPaho(string python)
    {
        using Process process = Process.Start(new ProcessStartInfo(python, ["-c", "import paho.mqtt"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
