using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Tools;

/// <summary>The broker as users run it: the built executable with a configuration file, on a free port of the loopback interface.</summary>
/// <remarks>The variable <c>NIGHTJAR_TEST_BROKER</c> may name another broker with Mosquitto's command line, to try the tests themselves.</remarks>
internal sealed class BrokerProcess : IAsyncDisposable
{
    /// <summary>Within this time after SIGTERM the broker must have ended.</summary>
    public static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(10);

    private const int AddressInUseExitCode = 1;

    private readonly RunningProcess _process;
    private readonly string _configurationFile;

    private BrokerProcess(RunningProcess process, int port, string configurationFile)
    {
        _process = process;
        Port = port;
        _configurationFile = configurationFile;
    }

    /// <summary>The port it listens on, at 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary><see cref="Port"/> as a program's argument.</summary>
    public string PortText => Port.ToString(CultureInfo.InvariantCulture);

    /// <summary>The log so far.</summary>
    public string Log => _process.Errors;

    /// <summary>The process itself, to wait for log lines or to kill it.</summary>
    public RunningProcess Process => _process;

    /// <summary>Starts the broker and waits until it says that it runs.</summary>
    /// <param name="configuration">Lines after the listener's; allow_anonymous true unless given.</param>
    /// <exception cref="TimeoutException">It did not start; the message has its log.</exception>
    public static Task<BrokerProcess> StartAsync(string configuration = "allow_anonymous true\n") => StartAsync(configuration, Command());

    /// <summary>The same with the installed Mosquitto, to compare with.</summary>
    public static Task<BrokerProcess> StartMosquittoAsync(string configuration) => StartAsync(configuration, (ExternalTool.Require("mosquitto"), []));

    /// <summary>Stops the broker by SIGTERM, as a service manager does, and checks that it ended well and in time.</summary>
    public async Task StopAsync()
    {
        ProcessResult result = await _process.StopAsync(StopTimeout);
        Assert.True(result.ExitCode == 0, $"exit code {result.ExitCode}\n{result.Errors}");
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        File.Delete(_configurationFile);
    }

    /// <summary>Runs the executable with arguments to its end: for command lines that do not start a broker.</summary>
    public static Task<ProcessResult> RunAsync(params string[] arguments)
    {
        (string file, string[] first) = Command();
        return ProcessRunner.RunAsync(file, [.. first, .. arguments]);
    }

    private static async Task<BrokerProcess> StartAsync(string configuration, (string File, string[] Arguments) command)
    {
        for (int attempt = 1; ; attempt++)
        {
            BrokerProcess broker = Launch(configuration, command);
            try
            {
                await broker._process.WaitForLineAsync(line => line.EndsWith(" running", StringComparison.Ordinal));
                return broker;
            }
            catch (TimeoutException) when (attempt < 5 && broker._process.ExitCode == AddressInUseExitCode)
            {
                // Between finding the port free and the broker's bind another process took it.
                await broker.DisposeAsync();
            }
            catch
            {
                await broker.DisposeAsync();
                throw;
            }
        }
    }

    private static BrokerProcess Launch(string configuration, (string File, string[] Arguments) command)
    {
        int port = FreePort();
        string path = Path.Combine(Path.GetTempPath(), $"nightjar-{Guid.NewGuid():N}.conf");
        File.WriteAllText(path, $"listener {port.ToString(CultureInfo.InvariantCulture)} 127.0.0.1\n{configuration}");
        return new BrokerProcess(RunningProcess.Start(command.File, [.. command.Arguments, "-c", path]), port, path);
    }

    // The host is a project reference, so its build lies beside this assembly.
    internal static (string File, string[] Arguments) Command()
    {
        if (Environment.GetEnvironmentVariable("NIGHTJAR_TEST_BROKER") is { Length: > 0 } other) return (other, []);
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? Environment.ProcessPath!;
        if (Path.GetFileNameWithoutExtension(dotnet) != "dotnet") dotnet = "dotnet";
        return (dotnet, [Path.Combine(AppContext.BaseDirectory, "nightjar.dll")]);
    }

    private static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
