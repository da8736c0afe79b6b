using System.Text;
using Nightjar.Broker.Sessions;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Routing;

/// <summary>What the tests of messages that are given out together share.</summary>
internal static class GatheredMessages
{
    /// <summary>Ten small messages to topics below <c>a</c>, or to one topic.</summary>
    internal static Message[] Ten(string? topic = null) => Enumerable.Range(0, 10).Select(i => new Message(topic ?? $"a/{i}", $"p{i}")).ToArray();

    /// <summary>The QoS 0 frames of some messages.</summary>
    internal static byte[][] Frames(Message[] messages, ProtocolVersion version) => messages.Select(message => message.Frame(version)).ToArray();

    /// <summary>A client that is subscribed to <c>a/+</c> alone.</summary>
    internal static SteppedClient Receiver(SteppedBroker broker, string clientId, ProtocolVersion version, byte[]? subscribe = null)
    {
        var client = broker.Connect(clientId, version);
        client.Feed(subscribe ?? WirePackets.Subscribe(version, 1, "a/+", QualityOfService.AtMostOnce));
        Assert.True(client.Connection.Sent[0] == 0x90 && client.Connection.Sent[^1] < 0x80);
        client.Connection.ClearSent();
        return client;
    }

    /// <summary>Whether messages to <c>a/0</c> and <c>a/1</c> go together: without that a case would say nothing of it.</summary>
    /// <param name="broker">The broker.</param>
    /// <param name="expected">They do.</param>
    /// <param name="prefix">Of both topics.</param>
    /// <param name="routes">1 where only messages to one topic do.</param>
    internal static void AssertGathered(SteppedBroker broker, bool expected, string prefix = "", int routes = 2)
    {
        var context = BatchContext.Begin();
        var core = broker.Broker.Core;
        var found = Enumerable.Range(0, routes).Select(i => core.Router.GetRoute(Encoding.UTF8.GetBytes($"{prefix}a/{i}"), context)).ToArray();
        context.End(core.Environment.Counters);
        Assert.All(found, route => Assert.Equal(expected, route.CanGather));
        if (expected) Assert.All(found, route => Assert.Same(found[0].Receivers, route.Receivers));
    }

    /// <summary>Feeds one batch, and compares what everybody is sent, and what is counted.</summary>
    internal static void Expect(SteppedBroker broker, SteppedClient publisher, byte[][] packets, params (SteppedClient Client, byte[][] Frames)[] expected)
    {
        var counters = broker.Broker.Core.Environment.Counters;
        var before = counters.Sum();
        publisher.Feed(packets.SelectMany(packet => packet).ToArray());
        foreach (var (client, frames) in expected) Assert.Equal(Text(frames), Take(client));
        var after = counters.Sum();
        var all = expected.SelectMany(of => of.Frames).ToArray();
        var payloads = expected.SelectMany(of => of.Frames.Where(IsPublish).Select(frame => PayloadLength(frame, of.Client.Version))).ToArray();
        Assert.Equal(packets.Count(IsPublish), after.PublishReceived - before.PublishReceived);
        Assert.Equal(packets.Where(IsPublish).Sum(packet => PayloadLength(packet, publisher.Version)), after.PublishBytesReceived - before.PublishBytesReceived);
        Assert.Equal(payloads.Length, after.PublishSent - before.PublishSent);
        Assert.Equal(payloads.Sum(), after.PublishBytesSent - before.PublishBytesSent);
        Assert.Equal(all.Length, after.PacketsSent - before.PacketsSent);
        Assert.Equal(all.Sum(frame => frame.Length), after.BytesSent - before.BytesSent);
    }

    /// <summary>The frames a client was sent since this was called last.</summary>
    internal static List<string> Take(SteppedClient client)
    {
        var frames = new List<string>();
        var sent = client.Connection.Sent;
        while (FrameReader.TryRead(sent, int.MaxValue, out var frame, out _) == ReadStatus.Complete)
        {
            frames.Add(Convert.ToHexString(sent[..frame.Length]));
            sent = sent[frame.Length..];
        }

        Assert.True(sent.IsEmpty);
        client.Connection.ClearSent();
        return frames;
    }

    /// <summary>Frames as <see cref="Take"/> gives them.</summary>
    internal static List<string> Text(byte[][] frames) => frames.Select(Convert.ToHexString).ToList();

    private static bool IsPublish(byte[] frame) => (PacketType)(frame[0] >> 4) == PacketType.Publish;

    private static int PayloadLength(byte[] packet, ProtocolVersion version)
    {
        Assert.Equal(ReadStatus.Complete, FrameReader.TryRead(packet, int.MaxValue, out var frame, out _));
        Assert.True(PublishPacket.TryRead(frame, version, PacketDirection.ToServer, out var publish, out _) || PublishPacket.TryRead(frame, version, PacketDirection.ToClient, out publish, out _));
        return publish.Payload.Length;
    }

    /// <summary>A message.</summary>
    internal sealed record Message(string Topic, string Payload)
    {
        /// <summary>It as a QoS 0 PUBLISH.</summary>
        internal byte[] Frame(ProtocolVersion version, byte[]? properties = null) => WirePackets.Publish(version, Topic, Payload, properties: properties);

        /// <summary>It as a PUBLISH of some QoS, with packet id 1.</summary>
        internal byte[] Packet(ProtocolVersion version, QualityOfService qos) => WirePackets.Publish(version, Topic, Payload, qos);
    }
}
