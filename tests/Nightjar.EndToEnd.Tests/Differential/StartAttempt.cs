using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Nightjar.EndToEnd.Tests.Tools;
using Nightjar.Host.Verbs;

namespace Nightjar.EndToEnd.Tests.Differential;

/// <summary>What a broker says of a configuration file before it listens.</summary>
/// <param name="ExitCode">Exit code.</param>
/// <param name="Error">The first line that says what is wrong; empty when there is none.</param>
/// <param name="Line">Line of the configuration file that is blamed; 0 for none.</param>
internal sealed partial record StartAttempt(int ExitCode, string Error, int Line)
{
    /// <summary>Has the installed Mosquitto try. The file must make it end by itself.</summary>
    public static async Task<StartAttempt> OfMosquittoAsync(string path)
    {
        var result = await ProcessRunner.RunAsync(ExternalTool.Require("mosquitto"), ["-c", path], timeout: TimeSpan.FromSeconds(20));
        return Read(result.ExitCode, result.Errors);
    }

    /// <summary>Has Nightjar check it, in this process. Only for tests of <see cref="AloneCollection"/>.</summary>
    public static async Task<StartAttempt> OfNightjarAsync(string path)
    {
        await using var output = new StringWriter(CultureInfo.InvariantCulture);
        await using var error = new StringWriter(CultureInfo.InvariantCulture);
        var exitCode = await RunVerb.RunAsync(["-c", path, "--test-config"], output, error);
        return Read(exitCode, error.ToString());
    }

    /// <summary>A socket that a broker cannot listen on, so that it ends after it has read all its files.</summary>
    public static Socket TakePort(out int port)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        return socket;
    }

    private static StartAttempt Read(int exitCode, string log)
    {
        // What stands before is the time, in whatever form the file wants it.
        var lines = log.Split('\n').Where(line => line.Contains("Error", StringComparison.Ordinal)).Select(line => line[line.IndexOf("Error", StringComparison.Ordinal)..].TrimEnd()).ToArray();
        var place = lines.Select(line => Place().Match(line)).FirstOrDefault(match => match.Success);
        return new StartAttempt(exitCode, lines.FirstOrDefault() ?? "", place is null ? 0 : int.Parse(place.Groups[1].Value, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(@"Error found at .*:(\d+)\.")]
    private static partial Regex Place();
}
