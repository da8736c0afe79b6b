using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Nightjar.Client;
using Nightjar.LoadTests.CommandLine;
using Nightjar.LoadTests.Measuring;
using Nightjar.Protocol;
using Nightjar.Transport;

namespace Nightjar.LoadTests.Scenarios;

/// <summary>The clients of one run: connects them, watches that they stay, and lets them go.</summary>
internal sealed class ClientSet(ScenarioContext context) : IAsyncDisposable
{
    /// <summary>Handshakes under way while the clients of a scenario connect.</summary>
    private const int ConcurrentConnects = 200;

    private readonly Lock _gate = new();
    private readonly List<MqttClient> _clients = [];
    private volatile bool _leaving;

    private readonly LatencyHistogram _handshakes = new();
    private string? _cipher;

    /// <summary>Time that each TLS handshake took.</summary>
    internal LatencySnapshot Handshakes => LatencySnapshot.Of([_handshakes]);

    /// <summary>Version and cipher suite that the first TLS connection agreed on; null without any.</summary>
    internal string? Cipher => _cipher;

    /// <summary>What went wrong with clients.</summary>
    internal ErrorLog Errors { get; } = new();

    /// <summary>A client lost its connection before it was meant to.</summary>
    internal bool HasLostClient { get; private set; }

    private LoadOptions Options => context.Options;

    /// <summary>What CONNECT says.</summary>
    /// <param name="clientId">The last part of the Client Identifier.</param>
    /// <param name="durable">A session that outlives the connection for five minutes (3.x: for good).</param>
    internal MqttClientOptions OptionsOf(string clientId, bool durable = false) => new()
    {
        Version = Options.Version,
        ClientId = $"{Options.Prefix}-{clientId}",
        CleanStart = !durable,
        SessionExpiryInterval = durable ? 300u : 0,
        Tls = context.Tls,
        UserName = Options.UserName,
        Password = Options.Password is null ? default(ReadOnlyMemory<byte>?) : Encoding.UTF8.GetBytes(Options.Password),
    };

    /// <summary>Does something for each index, many at a time.</summary>
    internal Task ForEachAsync(int count, Func<int, Task> action) => Parallel.ForEachAsync(
        Enumerable.Range(0, count),
        new ParallelOptions { MaxDegreeOfParallelism = ConcurrentConnects, CancellationToken = context.CancellationToken },
        async (index, _) => await action(index).ConfigureAwait(false));

    /// <summary>Makes a client that is watched and let go with the others.</summary>
    internal MqttClient Add(ReceivedMessageHandler? handler = null)
    {
        var client = new MqttClient { MessageReceived = handler };
        client.Disconnected += OnDisconnected;
        lock (_gate) _clients.Add(client);
        return client;
    }

    /// <summary>Connects a client.</summary>
    /// <param name="client">One of this set.</param>
    /// <param name="options">What CONNECT says.</param>
    /// <param name="slowBytesPerSecond">Bytes a second that the client reads; 0 for all it gets.</param>
    /// <exception cref="BrokerUnusableException">The broker refused or could not be reached.</exception>
    internal async Task ConnectAsync(MqttClient client, MqttClientOptions options, int slowBytesPerSecond = 0)
    {
        try
        {
            TransportConnection connection = await OpenAsync(slowBytesPerSecond).ConfigureAwait(false);
            ConnectResult result = await client.ConnectAsync(connection, options, context.CancellationToken).ConfigureAwait(false);
            if (!result.IsAccepted) throw new BrokerUnusableException($"{Options.Broker} did not accept {options.ClientId}: {result.Cause}");
        }
        catch (SocketException exception)
        {
            throw new BrokerUnusableException($"{Options.Broker} cannot be reached: {exception.Message}");
        }
        catch (AuthenticationException exception)
        {
            throw new BrokerUnusableException($"{Options.Broker} and this client do not agree on TLS: {exception.Message}");
        }
    }

    /// <summary>Subscribes a client.</summary>
    /// <exception cref="BrokerUnusableException">The broker refused.</exception>
    internal async Task SubscribeAsync(MqttClient client, string topicFilter, QualityOfService qos)
    {
        SubscribeResult result = await client.SubscribeAsync(topicFilter, qos, context.CancellationToken).ConfigureAwait(false);
        if (result.IsSuccess) return;
        throw new BrokerUnusableException($"{Options.Broker} did not accept the subscription {topicFilter}: {string.Join(", ", result.ReasonCodes)}");
    }

    /// <summary>Lets a client go in order, as it is meant to.</summary>
    internal async Task DisconnectAsync(MqttClient client)
    {
        client.Disconnected -= OnDisconnected;
        await client.DisconnectAsync().ConfigureAwait(false);
        client.Disconnected += OnDisconnected;
    }

    /// <summary>Clients that are connected now.</summary>
    internal int CountConnected()
    {
        lock (_gate) return _clients.Count(static client => client.IsConnected);
    }

    /// <summary>Lets all clients go.</summary>
    public async ValueTask DisposeAsync()
    {
        _leaving = true;
        MqttClient[] clients;
        lock (_gate) clients = [.. _clients];
        await Parallel.ForEachAsync(clients, new ParallelOptions { MaxDegreeOfParallelism = ConcurrentConnects }, static async (client, _) =>
        {
            await client.DisconnectAsync().ConfigureAwait(false);
            await client.DisposeAsync().ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    private async Task<TransportConnection> OpenAsync(int slowBytesPerSecond)
    {
        // A slow reader has a small receive buffer, so that it is the broker that has to wait, and not the operating system.
        var options = slowBytesPerSecond > 0 ? new SocketTransportOptions { ReceiveBufferSize = 16_384 } : new SocketTransportOptions();
        TransportConnection connection = await SocketTransport.ConnectAsync(Options.Broker.EndPoint, options, context.CancellationToken).ConfigureAwait(false);
        if (slowBytesPerSecond > 0) connection = new ThrottledConnection(connection, slowBytesPerSecond);
        if (context.Tls is not { } tls) return connection;
        long start = MonotonicClock.Now;
        TransportConnection secured = await tls.ConnectAsync(connection, Options.Broker.Host, context.CancellationToken).ConfigureAwait(false);
        long took = MonotonicClock.Now - start;
        lock (_gate)
        {
            _handshakes.Record(took);
            if (secured.Tls is { } session) _cipher ??= $"{session.Protocol} {session.Cipher}";
        }

        return secured;
    }

    private void OnDisconnected(MqttClient client, DisconnectCause cause)
    {
        if (_leaving) return;
        HasLostClient = true;
        Errors.Add($"connection lost: {cause.Kind} {cause.ReasonCode}");
    }
}
