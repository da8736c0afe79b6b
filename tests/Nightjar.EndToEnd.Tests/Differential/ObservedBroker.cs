using System.Globalization;
using System.Net;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Transport;

namespace Nightjar.EndToEnd.Tests.Differential;

/// <summary>One broker with an administrator connected to it, who sees everything, and attempts made at it.</summary>
internal sealed class ObservedBroker : IAsyncDisposable
{
    private static readonly byte[] s_password = System.Text.Encoding.UTF8.GetBytes(AccessSetup.Password);
    private readonly int _port;
    private readonly WireClient _admin;
    private int _mark;

    private ObservedBroker(int port, WireClient admin)
    {
        _port = port;
        _admin = admin;
    }

    /// <summary>Connects the administrator and sets some retained messages.</summary>
    public static async Task<ObservedBroker> ConnectAsync(int port, AccessSetup setup)
    {
        var admin = new WireClient(await OpenAsync(port), ProtocolVersion.Mqtt311);
        await admin.SendAsync(setup.HasPasswords
            ? WirePackets.Connect(ProtocolVersion.Mqtt311, "observer", userName: AccessSetup.Admin, password: s_password)
            : WirePackets.Connect(ProtocolVersion.Mqtt311, "observer"));
        await admin.ExpectAsync("20 02 00 00");
        foreach (var topic in new[] { "a/b", "u/ann", "c/c1" }) await admin.PublishAsync(topic, "retained", retain: true);
        await admin.SubscribeAsync("#");
        await CollectAsync(admin);
        return new ObservedBroker(port, admin);
    }

    public async ValueTask DisposeAsync() => await _admin.DisposeAsync();

    public async Task<Observation> TryAsync(Attempt attempt)
    {
        await using var client = new WireClient(await OpenAsync(_port), attempt.Version);
        var password = attempt.Password is null ? null : System.Text.Encoding.UTF8.GetBytes(attempt.Password);
        await client.SendAsync(WirePackets.Connect(attempt.Version, attempt.ClientId, userName: attempt.UserName, password: password));
        var connAck = await client.TryReceiveAsync();
        if (connAck is null) return new Observation(-1, -1, -1, "", "");
        if (connAck[3] != 0) return new Observation(connAck[3], -1, -1, "", "");
        await client.SendAsync(WirePackets.Subscribe(attempt.Version, 1, attempt.Filter, attempt.FilterQoS));
        var (answer, early) = await AnswerAsync(client, PacketType.SubAck);
        var mark = (++_mark).ToString(CultureInfo.InvariantCulture);
        await client.PublishAsync(attempt.Topic, mark, attempt.TopicQoS, packetId: 7);
        var (published, own) = attempt.TopicQoS == QualityOfService.AtMostOnce ? (null, []) : await AnswerAsync(client, PacketType.PubAck);
        var delivered = early.Concat(own).Concat(await CollectAsync(client)).ToList();
        var seen = await CollectAsync(_admin);
        foreach (var probe in attempt.Probes) await _admin.PublishAsync(probe, "p");
        await CollectAsync(_admin);
        delivered.AddRange(await CollectAsync(client));
        await client.DisconnectAsync();
        var publishCode = published is { Length: > 4 } ? published[4] : 0;
        return new Observation(
            0, answer[^1], publishCode, string.Join(' ', seen.Where(text => text.EndsWith("=" + mark, StringComparison.Ordinal))),
            string.Join(' ', delivered.Order(StringComparer.Ordinal)));
    }

    private static async Task<TransportConnection> OpenAsync(int port) =>
        await SocketTransport.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), new SocketTransportOptions(), CancellationToken.None);

    // Messages may come before the answer.
    private static async Task<(byte[] Answer, List<string> Messages)> AnswerAsync(WireClient client, PacketType type)
    {
        var messages = new List<string>();
        while (true)
        {
            var packet = await client.ReceiveAsync();
            if ((PacketType)(packet[0] >> 4) == type) return (packet, messages);
            messages.Add(Describe(client, packet));
        }
    }

    // Everything that is on its way before the answer to a PINGREQ.
    private static async Task<List<string>> CollectAsync(WireClient client)
    {
        await client.SendAsync("C0 00");
        return (await AnswerAsync(client, PacketType.PingResp)).Messages;
    }

    private static string Describe(WireClient client, byte[] packet)
    {
        if ((PacketType)(packet[0] >> 4) != PacketType.Publish) return Convert.ToHexString(packet);
        var publish = ReceivedPublish.Read(packet, client.Version);
        // What the broker says of itself differs.
        var payload = publish.Topic.StartsWith("$SYS", StringComparison.Ordinal) ? "*" : publish.Payload;
        return $"{publish.Topic}{(publish.Retain ? "(r)" : "")}={payload}";
    }
}
