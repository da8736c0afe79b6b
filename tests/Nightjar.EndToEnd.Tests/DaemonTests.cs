using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Nightjar.EndToEnd.Tests.Tools;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.EndToEnd.Tests;

/// <summary><c>nightjar -d</c>: the broker in the background.</summary>
public sealed class DaemonTests
{
    [Fact]
    public async Task Daemon_LeavesItsStarterAndServesUntilSigterm()
    {
        if (!OperatingSystem.IsLinux()) return;
        var folder = Directory.CreateTempSubdirectory("nightjar-daemon-").FullName;
        // The broker may run as another user than the test.
        File.SetUnixFileMode(folder, (UnixFileMode)Convert.ToInt32("777", 8));
        var pidFile = Path.Combine(folder, "pid");
        var port = FreePort();
        await File.WriteAllTextAsync(
            Path.Combine(folder, "conf"), string.Create(CultureInfo.InvariantCulture, $"listener {port} 127.0.0.1\nallow_anonymous true\npid_file {pidFile}\nlog_dest none\n"));
        (await BrokerProcess.RunAsync("-d", "-c", Path.Combine(folder, "conf"))).AssertExitCode(0);

        await Wait.UntilAsync(() => File.Exists(pidFile) && File.ReadAllText(pidFile).EndsWith('\n'), "the pid file");
        var pid = int.Parse(File.ReadAllText(pidFile), CultureInfo.InvariantCulture);
        await Wait.UntilAsync(() => CanConnect(port), "the port");
        // The sixth field is the session: its own.
        Assert.Equal(pid, int.Parse(File.ReadAllText($"/proc/{pid}/stat").Split(") ")[1].Split(' ')[3], CultureInfo.InvariantCulture));
        Assert.Equal("/dev/null", new FileInfo($"/proc/{pid}/fd/2").LinkTarget);

        (await ProcessRunner.RunAsync("/bin/kill", [pid.ToString(CultureInfo.InvariantCulture)])).AssertExitCode(0);
        await Wait.UntilAsync(() => !Directory.Exists($"/proc/{pid}") || File.ReadAllText($"/proc/{pid}/stat").Contains(") Z", StringComparison.Ordinal), "the end of the broker");
        Assert.False(File.Exists(pidFile) && File.ReadAllText(pidFile).Length > 0);
        Directory.Delete(folder, recursive: true);
    }

    private static bool CanConnect(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
