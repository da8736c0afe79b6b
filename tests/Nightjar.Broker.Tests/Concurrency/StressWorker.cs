using System.Globalization;
using Nightjar.Broker.Tests.Limits;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Concurrency;

/// <summary>
/// One of the threads of the stress: a publisher, a durable reader and a subscriber of its own, whose state it knows, and turns at client ids that
/// all workers fight for.
/// </summary>
internal sealed class StressWorker(TestBroker broker, StressModel model, int number, int seed)
{
    private static readonly string[] Filters =
        ["x/#", "x/+", "x/1", "x/2", "+/1", "#", "x/1/#", "$share/a/x/#", "$share/b/x/1", "$share/a/+/+", "$SYS/#", "y", "y/+/z", "+", "+/+/+"];

    private readonly Random _random = new(seed);
    private readonly HashSet<string> _subscriptions = [];
    private readonly List<WireClient> _abandoned = [];
    private readonly List<string> _taken = [];
    private readonly DurableReader _durable = new();
    private WireClient _publisher = null!;
    private WireClient _reader = null!;
    private WireClient _subscriber = null!;
    private int _published;
    private ushort _packetId;

    private string PublisherId => $"p{number}";

    private string ReaderId => $"r{number}";

    private string SubscriberId => $"m{number}";

    /// <summary>Connections made.</summary>
    internal int Connects { get; private set; }

    /// <summary>Connects the worker's own clients; the reader's subscription stays from here on.</summary>
    internal async Task BeginAsync()
    {
        _durable.Taken = publish => _taken.Add(publish.Payload);
        _publisher = await ConnectAsync(PublisherId, ProtocolVersion.Mqtt311, isNew: true);
        _reader = await ConnectAsync(ReaderId, number % 2 == 0 ? ProtocolVersion.Mqtt50 : ProtocolVersion.Mqtt311, isNew: true);
        await _reader.SubscribeAsync("t/#", QualityOfService.ExactlyOnce);
        _subscriber = await ConnectAsync(SubscriberId, ProtocolVersion.Mqtt50, isNew: true);
    }

    /// <summary>Does one thing.</summary>
    internal Task StepAsync() => _random.Next(100) switch
    {
        < 40 => PublishAsync(),
        < 45 => PublishAndBreakAsync(),
        < 50 => ReconnectPublisherAsync(),
        < 70 => _durable.DrainAsync(_reader, _random.Next(1, 200)),
        < 76 => ReconnectReaderAsync(),
        < 86 => ChangeSubscriptionAsync(),
        _ => FightAsync(),
    };

    /// <summary>Lets the reader take what is left, and compares everything with the model.</summary>
    internal async Task EndAsync()
    {
        await ReconnectReaderAsync();
        await _durable.DrainAsync(_reader);
        model.Check(ReaderId, _taken);
        var session = broker.Broker.Session(SubscriberId);
        var filters = session.Subscriptions.ToArray().Select(subscription => subscription.ShareName is { } share
            ? $"$share/{System.Text.Encoding.UTF8.GetString(share)}/{System.Text.Encoding.UTF8.GetString(subscription.TopicFilter)}"
            : System.Text.Encoding.UTF8.GetString(subscription.TopicFilter));
        Assert.Equal(_subscriptions.Order(StringComparer.Ordinal), filters.Order(StringComparer.Ordinal));
    }

    private async Task<WireClient> ConnectAsync(string clientId, ProtocolVersion version, bool isNew = false)
    {
        Connects++;
        var client = await broker.ConnectAsync(clientId, version, cleanStart: false, sessionExpiry: uint.MaxValue);
        if (version == ProtocolVersion.Mqtt50 || version == ProtocolVersion.Mqtt311) Assert.Equal(!isNew, client.SessionPresent);
        return client;
    }

    private async Task PublishAsync()
    {
        var (topic, qos, id) = NextPublish();
        var payload = model.Begin(number, _published++, topic, qos);
        await _publisher.PublishAndWaitAsync(topic, payload, qos, id);
        if (qos != QualityOfService.AtMostOnce) model.Acknowledge(payload);
    }

    // The connection breaks under way. The message is sent again with DUP, which must not double it at QoS 2, or given up.
    private async Task PublishAndBreakAsync()
    {
        var (topic, qos, id) = NextPublish();
        if (qos == QualityOfService.AtMostOnce) qos = QualityOfService.ExactlyOnce;
        var payload = model.Begin(number, _published++, topic, qos);
        await _publisher.PublishAsync(topic, payload, qos, id);
        if (_random.Next(2) == 0) _publisher.Abort();
        else _abandoned.Add(_publisher);
        _publisher = await ConnectAsync(PublisherId, ProtocolVersion.Mqtt311);
        await _publisher.PublishAsync(topic, payload, qos, id, dup: true);
        var type = qos == QualityOfService.AtLeastOnce ? PacketType.PubAck : PacketType.PubRec;
        await _publisher.ExpectAsync(Convert.ToHexString(WirePackets.Ack(type, id, ProtocolVersion.Mqtt311)));
        if (qos == QualityOfService.ExactlyOnce)
        {
            await _publisher.SendAsync(WirePackets.Ack(PacketType.PubRel, id, ProtocolVersion.Mqtt311));
            await _publisher.ExpectAsync(Convert.ToHexString(WirePackets.Ack(PacketType.PubComp, id, ProtocolVersion.Mqtt311)));
        }

        model.Acknowledge(payload);
    }

    private async Task ReconnectPublisherAsync()
    {
        if (_random.Next(2) == 0) _publisher.Abort();
        _publisher = await ConnectAsync(PublisherId, ProtocolVersion.Mqtt311);
    }

    // Broken off, or taken over while the old connection still lives and is being sent to.
    private async Task ReconnectReaderAsync()
    {
        if (_random.Next(2) == 0) _reader.Abort();
        _reader = await ConnectAsync(ReaderId, _reader.Version);
    }

    private async Task ChangeSubscriptionAsync()
    {
        if (_random.Next(10) == 0)
        {
            if (_random.Next(2) == 0) _subscriber.Abort();
            _subscriber = await ConnectAsync(SubscriberId, ProtocolVersion.Mqtt50);
        }

        var filter = Filters[_random.Next(Filters.Length)];
        var subscribes = _random.Next(2) == 0;
        await _subscriber.SendAsync(subscribes
            ? WirePackets.Subscribe(ProtocolVersion.Mqtt50, 1, filter, (QualityOfService)_random.Next(3))
            : WirePackets.Unsubscribe(ProtocolVersion.Mqtt50, 1, filter));
        // Messages come in between; they are acknowledged so that more can.
        var reader = new DurableReader();
        for (var packet = await _subscriber.ReceiveAsync(); packet[0] is not (0x90 or 0xB0); packet = await _subscriber.ReceiveAsync())
            await reader.HandleAsync(_subscriber, packet);
        if (subscribes) _subscriptions.Add(filter);
        else _subscriptions.Remove(filter);
    }

    // Nothing is expected of these clients but that they disturb nobody: others may take the id at any moment.
    private async Task FightAsync()
    {
        var id = $"x{_random.Next(6)}";
        var version = (ProtocolVersion)_random.Next(3, 6);
        Connects++;
        var client = await broker.OpenAsync(version);
        TestWill? will = _random.Next(3) == 0 ? new TestWill("x/will", id, (QualityOfService)_random.Next(3), _random.Next(2) == 0) : null;
        await client.SendAsync(WirePackets.Connect(version, id, _random.Next(2) == 0, (uint)_random.Next(3), will: will));
        for (var steps = _random.Next(1, 6); steps > 0; steps--)
        {
            var filter = Filters[_random.Next(version == ProtocolVersion.Mqtt50 ? Filters.Length : 7)];
            var packetId = (ushort)_random.Next(1, 20);
            await client.SendAsync(_random.Next(6) switch
            {
                0 or 1 => WirePackets.Subscribe(version, packetId, filter, (QualityOfService)_random.Next(3)),
                2 => WirePackets.Unsubscribe(version, packetId, filter),
                _ => WirePackets.Publish(version, string.Create(CultureInfo.InvariantCulture, $"x/{_random.Next(3)}"), id, (QualityOfService)_random.Next(3), packetId, retain: _random.Next(4) == 0),
            });
        }

        switch (_random.Next(4))
        {
            case 0:
                client.Abort();
                break;
            case 1:
                await client.SendAsync("E0 00");
                break;
            case 2:
                await client.SendAsync("C0 00");
                while (await client.TryReceiveAsync() is { } packet && packet is not [0xD0, 0]) await new DurableReader().HandleAsync(client, packet);
                break;
            default:
                _abandoned.Add(client);
                break;
        }
    }

    private (string Topic, QualityOfService QoS, ushort PacketId) NextPublish()
    {
        if (++_packetId == 0) _packetId = 1;
        return (string.Create(CultureInfo.InvariantCulture, $"t/{_random.Next(4)}"), (QualityOfService)_random.Next(3), _packetId);
    }
}
