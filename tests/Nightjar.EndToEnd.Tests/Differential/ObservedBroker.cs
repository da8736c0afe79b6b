using System.Globalization;
using System.Net;
using System.Text;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Transport;

namespace Nightjar.EndToEnd.Tests.Differential;

/// <summary>One broker with an administrator connected to it, who sees everything, and attempts made at it.</summary>
internal sealed class ObservedBroker : IAsyncDisposable
{
    private static readonly byte[] s_password = Encoding.UTF8.GetBytes(AccessRules.Password);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);
    private readonly int[] _ports;
    private readonly WireClient _admin;
    private int _mark;

    private ObservedBroker(int[] ports, WireClient admin)
    {
        _ports = ports;
        _admin = admin;
    }

    /// <summary>Connects the administrator and sets some retained messages.</summary>
    public static async Task<ObservedBroker> ConnectAsync(int[] ports, AccessSetup setup)
    {
        var admin = await TryConnectAdminAsync(ports[0], setup.Rules[0], "cobserver") ?? throw new InvalidOperationException("The administrator was not let in.");
        foreach (var topic in new[] { "a/b", "u/ann", "c/c1" })
        {
            await admin.PublishAsync(topic, "retained", retain: true);
            // Without retain_available the publisher is disconnected.
            if (!await IsAliveAsync(admin)) admin = await TryConnectAdminAsync(ports[0], setup.Rules[0], "cobserver") ?? throw new InvalidOperationException("The administrator was not let in again.");
        }

        await admin.SubscribeAsync("#");
        var observed = new ObservedBroker(ports, admin);
        await CollectAsync(admin);
        return observed;
    }

    /// <summary>Whether nobody gets in, by whatever of the usual ways.</summary>
    public static async Task<bool> KeepsEverybodyOutAsync(int port)
    {
        foreach (var (user, password) in new (string?, byte[]?)[] { (null, null), (AccessRules.Admin, s_password), (AccessRules.Admin, null) })
        {
            await using var client = new WireClient(await OpenAsync(port), ProtocolVersion.Mqtt311);
            await client.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt311, "c", userName: user, password: password));
            if (await client.TryReceiveAsync() is [_, _, _, 0]) return false;
        }

        return true;
    }

    public async ValueTask DisposeAsync() => await _admin.DisposeAsync();

    /// <summary>Makes an attempt.</summary>
    /// <param name="attempt">What.</param>
    /// <param name="expectedWill">What the other broker made of the will: nothing tells when a will would have been published, so that is waited for a while.</param>
    public async Task<Observation> TryAsync(Attempt attempt, string? expectedWill = null)
    {
        var listener = attempt.Listener % _ports.Length;
        var mark = (++_mark).ToString(CultureInfo.InvariantCulture);
        await using var client = new WireClient(await OpenAsync(_ports[listener]), attempt.Version);
        var password = attempt.Password is null ? null : Encoding.UTF8.GetBytes(attempt.Password);
        var will = attempt.Will is null ? null : new TestWill(attempt.Will, "will" + mark);
        await client.SendAsync(WirePackets.Connect(attempt.Version, attempt.ClientId, userName: attempt.UserName, password: password, will: will));
        var connAck = await client.TryReceiveAsync();
        if (connAck is null || connAck[3] != 0) return Observation.Refused(connAck?[3] ?? -1);
        return await TryConnectedAsync(client, attempt, mark, expectedWill);
    }

    private async Task<Observation> TryConnectedAsync(WireClient client, Attempt attempt, string mark, string? expectedWill)
    {
        var delivered = new List<string>();
        await client.SendAsync(WirePackets.Subscribe(attempt.Version, 1, attempt.Filter, attempt.FilterQoS));
        var answer = await AnswerAsync(client, PacketType.SubAck, delivered);
        if (answer is null) return new Observation(0, -2, -1, "", Join(delivered), "");
        await client.PublishAsync(attempt.Topic, mark, attempt.TopicQoS, packetId: 7, retain: attempt.Retain);
        var publishCode = await AcknowledgedAsync(client, attempt.TopicQoS, delivered);
        var isOpen = publishCode != -2 && await CollectAsync(client, delivered);
        var seen = await CollectAsync(_admin);
        foreach (var probe in attempt.Probes) await _admin.PublishAsync(probe, "p");
        seen.AddRange(await CollectAsync(_admin));
        if (isOpen) isOpen = await CollectAsync(client, delivered);
        // A client of v3 that has a will breaks off, one of v5 says that its will be sent.
        if (attempt.Will is null && isOpen) await client.DisconnectAsync();
        else if (isOpen && client.Version == ProtocolVersion.Mqtt50) await client.SendAsync("E0 01 04");
        if (attempt.Will is not null) client.Abort();
        var willSeen = attempt.Will is null ? "" : await WillAsync("=will" + mark, expectedWill, seen);
        return new Observation(0, answer[^1], publishCode, Join(seen.Where(text => text.EndsWith("=" + mark, StringComparison.Ordinal))), Join(delivered), willSeen);
    }

    private static async Task<int> AcknowledgedAsync(WireClient client, QualityOfService qos, List<string> delivered)
    {
        if (qos == QualityOfService.AtMostOnce) return 0;
        var first = await AnswerAsync(client, qos == QualityOfService.AtLeastOnce ? PacketType.PubAck : PacketType.PubRec, delivered);
        if (first is null) return -2;
        var code = first.Length > 4 ? first[4] : 0;
        if (qos == QualityOfService.AtLeastOnce || code >= 0x80) return code;
        await client.SendAsync(WirePackets.Ack(PacketType.PubRel, 7, client.Version));
        return await AnswerAsync(client, PacketType.PubComp, delivered) is null ? -2 : code;
    }

    // The broker sees the end of the connection when it does; looked again and again until it is as expected, or was not for long enough.
    private async Task<string> WillAsync(string ending, string? expected, List<string> seen)
    {
        var start = Environment.TickCount64;
        var patience = expected is null ? TimeSpan.FromMilliseconds(10) : s_patience;
        while (true)
        {
            var will = Join(seen.Where(text => text.EndsWith(ending, StringComparison.Ordinal)));
            if (will.Length > 0 && (expected is null || will == expected)) return will;
            var waited = TimeSpan.FromMilliseconds(Environment.TickCount64 - start);
            if (waited >= patience || (expected is { Length: 0 } && waited >= TimeSpan.FromMilliseconds(10))) return will;
            seen.AddRange(await CollectAsync(_admin));
        }
    }

    private static async Task<WireClient?> TryConnectAdminAsync(int port, AccessRules rules, string clientId)
    {
        var admin = new WireClient(await OpenAsync(port), ProtocolVersion.Mqtt311);
        await admin.SendAsync(rules.HasPasswords
            ? WirePackets.Connect(ProtocolVersion.Mqtt311, clientId, userName: AccessRules.Admin, password: s_password)
            : WirePackets.Connect(ProtocolVersion.Mqtt311, clientId));
        if (await admin.TryReceiveAsync() is [_, _, _, 0]) return admin;
        await admin.DisposeAsync();
        return null;
    }

    private static async Task<TransportConnection> OpenAsync(int port) =>
        await SocketTransport.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), new SocketTransportOptions(), CancellationToken.None);

    private static async Task<bool> IsAliveAsync(WireClient client)
    {
        await client.SendAsync("C0 00");
        return await client.TryReceiveAsync() is [0xD0, 0];
    }

    // Messages may come before the answer. Null: the connection was closed.
    private static async Task<byte[]?> AnswerAsync(WireClient client, PacketType type, List<string> messages)
    {
        while (await client.TryReceiveAsync() is { } packet)
        {
            if ((PacketType)(packet[0] >> 4) == type) return packet;
            messages.Add(Describe(client, packet));
        }

        return null;
    }

    private static async Task<List<string>> CollectAsync(WireClient client)
    {
        var messages = new List<string>();
        if (!await CollectAsync(client, messages)) throw new InvalidOperationException("The administrator was disconnected.");
        return messages;
    }

    // Everything that is on its way before the answer to a PINGREQ.
    private static async Task<bool> CollectAsync(WireClient client, List<string> messages)
    {
        await client.SendAsync("C0 00");
        return await AnswerAsync(client, PacketType.PingResp, messages) is not null;
    }

    private static string Join(IEnumerable<string> texts) => string.Join(' ', texts.Order(StringComparer.Ordinal));

    private static string Describe(WireClient client, byte[] packet)
    {
        if ((PacketType)(packet[0] >> 4) != PacketType.Publish) return Convert.ToHexString(packet);
        var publish = ReceivedPublish.Read(packet, client.Version);
        // What the broker says of itself differs.
        var payload = publish.Topic.StartsWith("$SYS", StringComparison.Ordinal) ? "*" : publish.Payload;
        return $"{publish.Topic}{(publish.Retain ? "(r)" : "")}={payload}";
    }
}
