using Nightjar.Broker.Connections;
using Nightjar.Broker.Sessions;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Concurrency;

/// <summary>What a handler of the application sets for its thread does not meet the next client.</summary>
public sealed class HandlerContextTests
{
    private static readonly AsyncLocal<string?> s_local = new();

    [Fact]
    public void Event_WhoseHandlerSetsAnAsyncLocal_LeavesNothingBehind()
    {
        s_local.Value = "before";
        string? seen = null;
        using var broker = new SteppedBroker();
        EventCaller.Call(broker.Log, _ => (seen, s_local.Value) = (s_local.Value, "handler"), 1);
        Assert.Equal(("before", "before"), (seen, s_local.Value));
    }

    [Fact]
    public void LocalSubscriber_WhoseHandlerSetsAnAsyncLocal_LeavesNothingBehind()
    {
        s_local.Value = "before";
        var calls = 0;
        using var broker = new SteppedBroker();
        using var subscription = broker.Broker.Subscribe("t/#", (in ReceivedMessage _) =>
        {
            calls++;
            Assert.Equal("before", s_local.Value);
            s_local.Value = "handler";
        });
        var publisher = broker.Connect("publisher");
        for (var i = 0; i < 2; i++) publisher.Feed(WirePackets.Publish(publisher.Version, "t/1", "payload"));
        Assert.Equal((2, "before"), (calls, s_local.Value));
    }
}
