using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Nightjar.Host.Configuration;
using Nightjar.Host.Logging;
using Nightjar.Host.Processes;
using Nightjar.Host.Running;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Transport;
using Nightjar.Transport.Tls;
using Xunit;

namespace Nightjar.Host.Tests.Running;

/// <summary>The broker of the executable in this process, with a configuration file and the files that it names in a directory of its own.</summary>
internal sealed class RunningService : IAsyncDisposable
{
    internal const string ReloadedLine = "Config reloaded:";
    internal const string RefusedLine = "The configuration was not reloaded; everything is as it was.";

    // Root stays root: the process of the tests must not become somebody else.
    private const string Head = "user root\nlog_timestamp false\nsys_interval 0\n";
    private readonly LineWriter _lines = new();
    private readonly LogPublisher _publisher = new();
    private HostLogger? _log;
    private BrokerService? _service;

    internal TemporaryDirectory Directory { get; } = new();

    /// <summary>Port of the first listener.</summary>
    internal int Port { get; } = FreePort();

    internal string ConfigurationFile => Directory.File("nightjar.conf");

    /// <summary>Everything logged so far.</summary>
    internal IReadOnlyList<string> Log => _lines.Lines;

    /// <summary>A port that was free a moment ago.</summary>
    internal static int FreePort()
    {
        using Socket probe = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    /// <summary>Writes the configuration; <c>PORT</c> and <c>DIR</c> in it stand for the port and the directory.</summary>
    internal void Configure(string text) =>
        File.WriteAllText(ConfigurationFile, Head + text.Replace("PORT", Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal).Replace("DIR", Directory.Path, StringComparison.Ordinal));

    /// <summary>Starts with a configuration.</summary>
    internal async Task StartAsync(string text)
    {
        Configure(text);
        var configuration = HostConfiguration.Load(ConfigurationFile);
        Assert.Empty(configuration.Errors);
        _log = HostLogger.Start(configuration.Log, new LogPlaces(TextWriter.Null, _lines) { Publish = _publisher.Publish }, TimeProvider.System);
        _service = new BrokerService(ConfigurationFile, configuration, [], PrivilegesOf(configuration), _log, _publisher);
        Assert.True(await _service.StartAsync() == 0, string.Join('\n', Log));
    }

    /// <summary>Who a process with a configuration would go on as; <c>user root</c> for a service in a process of tests, which must stay who it is.</summary>
    internal static Privileges PrivilegesOf(HostConfiguration configuration)
    {
        Assert.True(Privileges.TryChoose(configuration.Process.User, out var privileges, out var error), error);
        return privileges;
    }

    /// <summary>Does what SIGHUP does, and waits until the log tells of its end.</summary>
    /// <returns>Lines logged since.</returns>
    internal async Task<string[]> ReloadAsync()
    {
        var before = Log.Count;
        await _service!.ReloadAsync().WaitAsync(Nightjar.Testing.Wait.Guard);
        await Nightjar.Testing.Wait.UntilAsync(
            () => Log.Skip(before).Any(line => line.StartsWith(ReloadedLine, StringComparison.Ordinal) || line == RefusedLine), "the end of the reload");
        return [.. Log.Skip(before)];
    }

    /// <summary>The same, after the configuration was written anew.</summary>
    internal Task<string[]> ReloadAsync(string text)
    {
        Configure(text);
        return ReloadAsync();
    }

    /// <summary>Opens a connection and sends CONNECT; the answer is in <see cref="WireClient.ConnAck"/>, empty when there was none.</summary>
    internal async Task<WireClient> ConnectAsync(
        string clientId = "c", string? user = null, string? password = null, ProtocolVersion version = ProtocolVersion.Mqtt50, int port = 0, TlsClientContext? tls = null)
    {
        var client = new WireClient(await OpenAsync(port, tls), version);
        await client.SendAsync(WirePackets.Connect(version, clientId, userName: user, password: password is null ? null : Encoding.UTF8.GetBytes(password)));
        client.ConnAck = await client.TryReceiveAsync() ?? [];
        return client;
    }

    /// <summary>The code of CONNACK for a client that then goes; -1 without CONNACK.</summary>
    internal async Task<int> CodeAsync(string? user = null, string? password = null, int port = 0, TlsClientContext? tls = null)
    {
        try
        {
            await using var client = await ConnectAsync("probe", user, password, port: port, tls: tls);
            return client.ConnAck.Length == 0 ? -1 : client.ConnAck[3];
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            return -1;
        }
    }

    internal async Task<TransportConnection> OpenAsync(int port = 0, TlsClientContext? tls = null)
    {
        var connection = await SocketTransport.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port == 0 ? Port : port), new SocketTransportOptions(), CancellationToken.None);
        return tls is null ? connection : await tls.ConnectAsync(connection, "localhost", CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (_service is not null) await _service.DisposeAsync();
        if (_log is not null) await _log.DisposeAsync();
        await _lines.DisposeAsync();
        Directory.Dispose();
    }

    private sealed class LineWriter : StringWriter
    {
        private readonly List<string> _all = [];

        internal LineWriter()
            : base(CultureInfo.InvariantCulture)
        {
        }

        internal IReadOnlyList<string> Lines
        {
            get
            {
                lock (_all) return [.. _all];
            }
        }

        public override void WriteLine(string? value)
        {
            lock (_all) _all.Add(value ?? "");
        }
    }
}
