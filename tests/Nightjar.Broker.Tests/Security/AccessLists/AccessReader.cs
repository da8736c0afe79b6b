using Nightjar.Broker.Security;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Security.AccessLists;

/// <summary>A client of a stepped broker that remembers which filters it was granted and shows what it is sent.</summary>
internal sealed class AccessReader(SteppedBroker broker, Identity identity, uint sessionExpiry)
{
    private readonly HashSet<string> _granted = new(StringComparer.Ordinal);
    private SteppedClient? _client;

    internal Identity Identity { get; set; } = identity;

    internal string? FirstUserName { get; } = identity.UserName;

    internal bool IsConnected => _client is not null;

    internal bool Has(string filter) => _granted.Contains(filter);

    internal void Connect(bool cleanStart = true)
    {
        var connect = WirePackets.Connect(ProtocolVersion.Mqtt50, Identity.ClientId, cleanStart, sessionExpiry, userName: Identity.UserName);
        _client = broker.TryConnect(connect, ProtocolVersion.Mqtt50, out var code);
        Assert.Equal(ReasonCode.Success, code);
    }

    /// <summary>Breaks the connection.</summary>
    internal void End()
    {
        _client!.Connection.End();
        _client = null;
    }

    /// <summary>Subscribes at QoS 1; what retained messages follow is left to <see cref="Take"/>.</summary>
    internal bool Subscribe(string filter)
    {
        Take();
        _client!.Feed(WirePackets.Subscribe(ProtocolVersion.Mqtt50, 1, filter, QualityOfService.AtLeastOnce));
        Assert.Equal(ReadStatus.Complete, FrameReader.TryRead(_client.Connection.Sent, int.MaxValue, out var frame, out _));
        Assert.Equal(PacketType.SubAck, frame.Type);
        var code = _client.Connection.Sent[frame.Length - 1];
        Assert.True(code is 1 or 0x87, $"SUBACK {code:X2}");
        if (code == 1) _granted.Add(filter);
        return code == 1;
    }

    /// <summary>The messages that came since the last call, each acknowledged.</summary>
    internal List<(string Topic, string Payload)> Take()
    {
        var messages = new List<(string, string)>();
        do
        {
            var sent = _client!.Connection.Sent;
            while (sent.Length > 0)
            {
                Assert.Equal(ReadStatus.Complete, FrameReader.TryRead(sent, int.MaxValue, out var frame, out _));
                if (frame.Type == PacketType.Publish)
                {
                    var publish = ReceivedPublish.Read(sent[..frame.Length].ToArray(), ProtocolVersion.Mqtt50);
                    messages.Add((publish.Topic, publish.Payload));
                }

                sent = sent[frame.Length..];
            }
        }
        while (_client.Answer());
        return messages;
    }
}
