using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Sessions;

public class SubscriptionTreeTextTests
{
    [Fact]
    public async Task WriteSubscriptions_OfNobody_WritesNothing()
    {
        await using var broker = await TestBroker.StartAsync();
        Assert.Equal("", Write(broker));
    }

    [Fact]
    public async Task WriteSubscriptions_DrawsEachLevelOnceWithItsClients()
    {
        await using var broker = await TestBroker.StartAsync();
        var b = await broker.ConnectAsync("b");
        var a = await broker.ConnectAsync("a\u0001");
        await b.SubscribeAsync("plant/+/temp", Protocol.QualityOfService.AtLeastOnce);
        await a.SubscribeAsync("plant/+/temp");
        await a.SubscribeAsync("plant");
        await b.SubscribeAsync("alarm/#", Protocol.QualityOfService.ExactlyOnce);
        await b.SubscribeAsync("$share/g/x");
        var expected = string.Join(Environment.NewLine, "  $share", "    g", "      x (b, 0)", "  alarm", "    # (b, 2)", "  plant (a?, 0)", "    +", "      temp (a?, 0) (b, 1)", "");
        Assert.Equal(expected, Write(broker));
    }

    private static string Write(TestBroker broker)
    {
        using var writer = new StringWriter();
        broker.Broker.WriteSubscriptions(writer);
        return writer.ToString();
    }
}
