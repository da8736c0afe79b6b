namespace Nightjar.EndToEnd.Tests.Tools;

/// <summary>The same with a listener that speaks WebSocket.</summary>
public sealed class WebSocketBrokerFixture : BrokerFixture
{
    protected override string Configuration => base.Configuration + "protocol websockets\n";
}
