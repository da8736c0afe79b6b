using System.Text;
using Nightjar.Broker.Connections;
using Nightjar.Broker.Messages;
using Nightjar.Broker.Sessions;
using Nightjar.Broker.Tests.Limits;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Concurrency;

/// <summary>When a publisher is served by the thread of its receiver, and what of a batch that is decided by.</summary>
public sealed class ReceiverCompanyTests
{
    private static readonly TimeSpan s_guard = TimeSpan.FromSeconds(15);
    private readonly ReceiverCompany _company = new();

    [Fact]
    public async Task Publisher_ThatOftenFindsTheGateTaken_FollowsForAWhileAndLooksAgain()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.ConnectAsync("r");
        var receiver = broker.Broker.Session("r");
        Assert.Equal(ReceiverCompany.Crowded, BatchesUntilChange(receiver, waited: true, 1000, out var follows));
        Assert.True(follows);
        var end = 1000 + ReceiverCompany.Stay;
        Assert.Equal(-1, BatchesUntilChange(receiver, waited: true, end - 1, out _));
        Assert.Equal(1, BatchesUntilChange(receiver, waited: false, end, out follows));
        Assert.False(follows);
        // Of the batch that ended the stay nothing counts against it.
        Assert.Equal(-1, BatchesUntilChange(receiver, waited: false, end, out _));
        Assert.Equal(ReceiverCompany.Crowded, BatchesUntilChange(receiver, waited: true, end, out follows));
        Assert.True(follows);
    }

    [Fact]
    public async Task Publisher_ThatSeldomFindsTheGateTaken_StaysWhereItIs()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.ConnectAsync("r");
        var receiver = broker.Broker.Session("r");
        for (var i = 0; i < 10 * ReceiverCompany.Sample; i++)
            Assert.False(_company.Changes(Batch(i % ReceiverCompany.Sample < ReceiverCompany.Crowded - 1, receiver), 0, out _));
    }

    [Fact]
    public async Task Publisher_WhoseMessagesGoElsewhere_IsOnItsOwn()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.ConnectAsync("a");
        await broker.ConnectAsync("b");
        var (a, b) = (broker.Broker.Session("a"), broker.Broker.Session("b"));
        // Batches of acknowledgements alone say nothing about where messages go.
        foreach (var other in new[] { Batch(false, b), Batch(true, a, b) })
        {
            BatchesUntilChange(a, waited: true, 0, out var follows);
            Assert.True(follows);
            Assert.False(_company.Changes(default, 1, out _));
            Assert.True(_company.Changes(other, 1, out follows));
            Assert.False(follows);
        }

        // Between two receivers it never comes to following either.
        for (var i = 0; i < 10 * ReceiverCompany.Sample; i++) Assert.False(_company.Changes(Batch(true, i % 2 == 0 ? a : b), 0, out _));
        Assert.False(_company.Changes(Batch(true, a, b), 0, out _));
    }

    [Fact]
    public async Task Publisher_ThatHasStoppedPublishing_IsOnItsOwnInTheEnd()
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.ConnectAsync("r");
        BatchesUntilChange(broker.Broker.Session("r"), waited: true, 0, out _);
        Assert.False(_company.Changes(default, ReceiverCompany.Stay - 1, out _));
        Assert.True(_company.Changes(default, ReceiverCompany.Stay, out var follows));
        Assert.False(follows);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Batch_NotesThatTheGateWasTaken(bool isTaken)
    {
        await using var broker = await TestBroker.StartAsync();
        await broker.ConnectAsync("r");
        var receiver = broker.Broker.Session("r");
        var met = default(GateCrowding);
        var publisher = new Thread(() =>
        {
            var context = BatchContext.Begin();
            context.Hold(receiver);
            met = context.Crowding;
            context.End(broker.Broker.Core.Environment.Counters);
        });
        if (isTaken) receiver.Gate.Enter();
        publisher.Start();
        if (isTaken)
        {
            Assert.True(SpinWait.SpinUntil(() => publisher.ThreadState.HasFlag(ThreadState.WaitSleepJoin), s_guard));
            receiver.Gate.Exit();
        }

        Assert.True(publisher.Join(s_guard));
        Assert.Same(receiver, met.Receiver);
        Assert.Equal(isTaken, met.Waited);
    }

    // Who has one receiver may follow it, whatever the QoS; who has two must not.
    [Theory]
    [InlineData(QualityOfService.AtMostOnce)]
    [InlineData(QualityOfService.AtLeastOnce)]
    [InlineData(QualityOfService.ExactlyOnce)]
    public async Task Message_OfAnyQoS_NamesItsOnlyReceiver(QualityOfService qos)
    {
        await using var broker = await TestBroker.StartAsync();
        await (await broker.ConnectAsync("r")).SubscribeAsync("one/#", qos);
        await (await broker.ConnectAsync("s")).SubscribeAsync("$share/g/one/shared", qos);
        Assert.Same(broker.Broker.Session("r"), Published(broker, "one/alone", qos).Receiver);
        var mixed = Published(broker, "one/shared", qos);
        Assert.True(mixed.IsMixed);
        Assert.Null(mixed.Receiver);
        await (await broker.ConnectAsync("q")).SubscribeAsync("one/alone", qos);
        Assert.True(Published(broker, "one/alone", qos).IsMixed);
    }

    private static GateCrowding Published(TestBroker broker, string topic, QualityOfService qos)
    {
        var core = broker.Broker.Core;
        var context = BatchContext.Begin();
        var route = core.Router.GetRoute(Encoding.UTF8.GetBytes(topic), context);
        var publication = new Publication(core.Environment.Messages)
        {
            TopicName = Encoding.UTF8.GetBytes(topic),
            QoS = qos,
            IsAlone = qos != QualityOfService.ExactlyOnce && route.Receivers.Length == 1 && route.Groups.Length == 0,
        };
        core.Router.Publish(ref publication, route, context);
        publication.Dispose();
        var met = context.Crowding;
        context.End(core.Environment.Counters);
        return met;
    }

    private static GateCrowding Batch(bool waited, params Session[] receivers)
    {
        var batch = default(GateCrowding);
        foreach (var receiver in receivers) batch.Count(receiver, !waited);
        return batch;
    }

    // Which batch made a difference; -1 when none of two samples did.
    private int BatchesUntilChange(Session receiver, bool waited, long now, out bool follows)
    {
        for (var i = 1; i <= 2 * ReceiverCompany.Sample; i++)
        {
            if (_company.Changes(Batch(waited, receiver), now, out follows)) return i;
        }

        follows = false;
        return -1;
    }
}
