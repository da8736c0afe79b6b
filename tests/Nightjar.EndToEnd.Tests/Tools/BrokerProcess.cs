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

    private BrokerProcess(RunningProcess process, IReadOnlyList<int> ports, string configurationFile)
    {
        _process = process;
        Ports = ports;
        _configurationFile = configurationFile;
    }

    /// <summary>The ports that its configuration was made for.</summary>
    public IReadOnlyList<int> Ports { get; }

    /// <summary>The first of them; it listens there at 127.0.0.1.</summary>
    public int Port => Ports[0];

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

    /// <summary>Starts the broker with a configuration that has listeners of its own.</summary>
    /// <param name="ports">How many free ports it needs.</param>
    /// <param name="configuration">The whole configuration, made for the ports found.</param>
    /// <exception cref="TimeoutException">It did not start; the message has its log.</exception>
    public static Task<BrokerProcess> StartAsync(int ports, Func<IReadOnlyList<int>, string> configuration) => StartAsync(ports, configuration, Command());

    /// <summary>The same with the installed Mosquitto, to compare with.</summary>
    public static Task<BrokerProcess> StartMosquittoAsync(string configuration) => StartAsync(configuration, (ExternalTool.Require("mosquitto"), []));

    /// <summary>Reloads by SIGHUP and waits until the broker says what became of it.</summary>
    /// <param name="configuration">Makes the new configuration, for the same ports; null: the file stays as it is.</param>
    /// <returns>The line that says it: reloaded, or not.</returns>
    public Task<string> ReloadAsync(Func<IReadOnlyList<int>, string>? configuration = null)
    {
        if (configuration is not null) File.WriteAllText(_configurationFile, configuration(Ports));
        int before = _process.Count(IsReloadEnd);
        _process.Signal(SignalNumber.Reload);
        return _process.WaitForLineAsync(IsReloadEnd, before + 1);
    }

    /// <summary>Waits for a line of the log.</summary>
    /// <param name="text">What is in it.</param>
    /// <returns>The line.</returns>
    public Task<string> WaitForLogAsync(string text) => _process.WaitForLineAsync(line => line.Contains(text, StringComparison.Ordinal));

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

    private static bool IsReloadEnd(string line) =>
        line.Contains(" Config reloaded: ", StringComparison.Ordinal) || line.EndsWith(" The configuration was not reloaded; everything is as it was.", StringComparison.Ordinal);

    private static Task<BrokerProcess> StartAsync(string configuration, (string File, string[] Arguments) command) =>
        StartAsync(1, ports => string.Create(CultureInfo.InvariantCulture, $"listener {ports[0]} 127.0.0.1\n{configuration}"), command);

    private static async Task<BrokerProcess> StartAsync(int ports, Func<IReadOnlyList<int>, string> configuration, (string File, string[] Arguments) command)
    {
        for (int attempt = 1; ; attempt++)
        {
            BrokerProcess broker = Launch(FreePorts(ports), configuration, command);
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

    private static BrokerProcess Launch(IReadOnlyList<int> ports, Func<IReadOnlyList<int>, string> configuration, (string File, string[] Arguments) command)
    {
        string path = Path.Combine(Path.GetTempPath(), $"nightjar-{Guid.NewGuid():N}.conf");
        File.WriteAllText(path, configuration(ports));
        return new BrokerProcess(RunningProcess.Start(command.File, [.. command.Arguments, "-c", path]), ports, path);
    }

    // The host is a project reference, so its build lies beside this assembly.
    internal static (string File, string[] Arguments) Command()
    {
        if (Environment.GetEnvironmentVariable("NIGHTJAR_TEST_BROKER") is { Length: > 0 } other) return (other, []);
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? Environment.ProcessPath!;
        if (Path.GetFileNameWithoutExtension(dotnet) != "dotnet") dotnet = "dotnet";
        return (dotnet, [Path.Combine(AppContext.BaseDirectory, "nightjar.dll")]);
    }

    /// <summary>Ports that were free a moment ago, all different.</summary>
    internal static IReadOnlyList<int> FreePorts(int count)
    {
        // All are held before the first is let go of: the system would give one of them twice.
        List<Socket> held = [];
        try
        {
            while (held.Count < count)
            {
                Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                held.Add(socket);
                socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            }

            return [.. held.Select(socket => ((IPEndPoint)socket.LocalEndPoint!).Port)];
        }
        finally
        {
            held.ForEach(socket => socket.Dispose());
        }
    }
}
