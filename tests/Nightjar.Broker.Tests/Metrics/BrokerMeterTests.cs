using System.Diagnostics.Metrics;
using Nightjar.Broker.Configuration;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Metrics;

public sealed class BrokerMeterTests
{
    [Fact]
    public async Task Instruments_AfterSomeTraffic_TellIt()
    {
        await using var broker = await TestBroker.StartAsync();
        var subscriber = await broker.ConnectAsync("s");
        await subscriber.SubscribeAsync("t");
        var publisher = await broker.ConnectAsync("p");
        await publisher.PublishAsync("t", "m", QualityOfService.AtLeastOnce, retain: true);
        await publisher.ReceiveAsync();
        await subscriber.ReceivePublishAsync();
        await publisher.ExpectNothingAsync();

        var values = Collect(broker.Broker.Instruments.Meter);
        Assert.Equal(1, values["nightjar.publish.received"]);
        Assert.Equal(1, values["nightjar.publish.sent"]);
        Assert.Equal(0, values["nightjar.publish.dropped"]);
        Assert.Equal(5, values["nightjar.packets.received"]);
        Assert.Equal(2, values["nightjar.connections"]);
        Assert.Equal(2, values["nightjar.connections.accepted"]);
        Assert.Equal(2, values["nightjar.sessions"]);
        Assert.Equal(1, values["nightjar.subscriptions"]);
        Assert.Equal(1, values["nightjar.retained"]);
        Assert.Equal(2, values["nightjar.retained.bytes"]);
    }

    [Fact]
    public async Task Instruments_AfterAFailedLogin_TellIt()
    {
        await using var broker = await TestBroker.StartAsync(new BrokerOptions { SysInterval = TimeSpan.Zero, AllowAnonymous = false });
        var client = await broker.OpenAsync();
        await client.SendAsync(WirePackets.Connect(client.Version, "c"));
        Assert.Equal((byte)ReasonCode.NotAuthorized, (await client.ReceiveAsync())[3]);
        await client.ExpectClosedAsync();

        var values = Collect(broker.Broker.Instruments.Meter);
        Assert.Equal(1, values["nightjar.authentication.failures"]);
        Assert.Equal(0, values["nightjar.authentication.delayed"]);
    }

    private static Dictionary<string, long> Collect(Meter meter)
    {
        var values = new Dictionary<string, long>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (ReferenceEquals(instrument.Meter, meter)) self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => values[instrument.Name] = value);
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => values[instrument.Name] = value);
        listener.Start();
        listener.RecordObservableInstruments();
        return values;
    }
}
