using System.Net;
using Nightjar.Broker.Configuration;
using Nightjar.Host.Configuration;
using Nightjar.Protocol;
using Xunit;

namespace Nightjar.Host.Tests.Configuration;

public sealed class BrokerConfigurationTests
{
    [Fact]
    public void Parse_UnknownOption_SaysWhichAndWhere()
    {
        var configuration = BrokerConfiguration.Parse(["# comment", "allow_anonimous true"], "nj.conf");
        Assert.Equal(["Error: Unknown configuration variable 'allow_anonimous'.", "Error found at nj.conf:2."], configuration.Errors);
    }

    [Theory]
    [InlineData("max_packet_size", "Error: Empty 'max_packet_size' value in configuration.")]
    [InlineData("max_packet_size ten", "Error: 'max_packet_size' value not a number.")]
    [InlineData("max_packet_size 19", "Error: 'max_packet_size' value out of range.")]
    [InlineData("max_packet_size 99999999999999999999999", "Error: 'max_packet_size' value not a number.")]
    [InlineData("allow_anonymous maybe", "Error: Invalid 'allow_anonymous' value (maybe).")]
    [InlineData("max_qos 1", "Error: The 'max_qos' option requires a listener to be defined first.")]
    [InlineData("listener x", "Error: 'port' value not a number.")]
    [InlineData("listener 70000", "Error: Invalid 'port' value (70000).")]
    [InlineData("protocol mqtt", "Error: The 'protocol' option requires a listener to be defined first.")]
    [InlineData("protocol http_api", "Error: Invalid 'protocol' value (http_api).")]
    [InlineData("websockets_origin http://a", "Error: The 'websockets_origin' option requires a listener to be defined first.")]
    [InlineData("persistent_client_expiration 3x", "Error: Invalid 'persistent_client_expiration' value (3x): a number and s, h, d, w, m or y.")]
    public void Parse_WrongValue_IsAnError(string line, string error)
    {
        var configuration = BrokerConfiguration.Parse([line], "f");
        Assert.Equal([error, "Error found at f:1."], configuration.Errors);
    }

    [Fact]
    public void Parse_SeveralErrors_ReportsAll()
    {
        var configuration = BrokerConfiguration.Parse(["nonsense 1", "listener 1883 127.0.0.1", "max_qos 3"], "f");
        Assert.Equal(4, configuration.Errors.Count);
        Assert.Contains("Error found at f:3.", configuration.Errors);
    }

    [Theory]
    [InlineData("0x100", 256)]
    [InlineData("0400", 256)]
    [InlineData("256", 256)]
    public void Parse_Integer_IsReadAsStrtolDoes(string text, int value) =>
        Assert.Equal(value, BrokerConfiguration.Parse([$"max_packet_size {text}"], "f").Options.MaximumPacketSize);

    [Fact]
    public void Parse_ListenerOptions_BelongToTheListenerBefore()
    {
        var configuration = BrokerConfiguration.Parse(
            ["listener 1883 127.0.0.1 # trailing", "max_qos 1", "listener 1884 ::1", "max_connections 7", "max_topic_alias 3", "set_tcp_nodelay true"], "f");
        Assert.Empty(configuration.Errors);
        var listeners = configuration.Options.Listeners;
        Assert.Equal([new IPEndPoint(IPAddress.Loopback, 1883), new IPEndPoint(IPAddress.IPv6Loopback, 1884)], listeners.Select(listener => listener.EndPoint));
        Assert.Equal((QualityOfService.AtLeastOnce, -1), (listeners[0].MaximumQoS, listeners[0].MaximumConnections));
        Assert.Equal((QualityOfService.ExactlyOnce, 7, (ushort)3), (listeners[1].MaximumQoS, listeners[1].MaximumConnections, listeners[1].MaximumTopicAlias));
        Assert.All(listeners, listener => Assert.True(listener.NoDelay));
    }

    [Fact]
    public void Parse_WebSockets_BelongToTheListenerBefore()
    {
        var configuration = BrokerConfiguration.Parse(
            ["listener 1883 127.0.0.1", "protocol mqtt", "listener 8080 127.0.0.1", "protocol websockets", "websockets_origin https://a", "websockets_origin https://b"], "f");
        Assert.Empty(configuration.Errors);
        var listeners = configuration.Options.Listeners;
        Assert.Equal([ListenerProtocol.Mqtt, ListenerProtocol.WebSockets], listeners.Select(listener => listener.Protocol));
        Assert.Empty(listeners[0].AllowedOrigins);
        Assert.Equal(["https://a", "https://b"], listeners[1].AllowedOrigins);
    }

    [Fact]
    public void Parse_NoAllowAnonymousWithListener_RefusesAnonymous()
    {
        var configuration = BrokerConfiguration.Parse(["listener 1883 127.0.0.1"], "f");
        Assert.Null(configuration.AllowAnonymous);
        Assert.False(configuration.Options.AllowAnonymous);
    }

    [Fact]
    public void Parse_InflightMaximum_MeansNoLimit() =>
        Assert.Equal(0, BrokerConfiguration.Parse(["max_inflight_messages 65535"], "f").Options.MaximumInflightMessages);

    [Fact]
    public void Load_MissingFile_SaysSo()
    {
        var configuration = BrokerConfiguration.Load(Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"), "none.conf"));
        Assert.StartsWith("Error: Unable to open config file ", Assert.Single(configuration.Errors), StringComparison.Ordinal);
    }
}
