using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Connections;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.DynamicSecurity;

namespace Nightjar.Broker.Control;

/// <summary><c>$CONTROL/broker/v1</c>: what the broker listens on, and which plugins of Mosquitto it stands for.</summary>
internal sealed class BrokerEndpoint(BrokerCore core, ListenerSet listeners) : IControlEndpoint
{
    internal const string Topic = "$CONTROL/broker/v1";

    public string TopicName => Topic;

    public bool IsActiveIn(string securityDomain) => core.Environment.Options.EnableControlApi;

    public Task<byte[]> ExecuteAsync(ReadOnlySpan<byte> request, Identity sender)
    {
        var payload = request.ToArray();
        return Task.Run(() => ControlEnvelope.Answer(payload, Execute));
    }

    private Action<Utf8JsonWriter>? Execute(string command)
    {
        if (command.Equals("listPlugins", StringComparison.OrdinalIgnoreCase)) return WritePlugins;
        return command.Equals("listListeners", StringComparison.OrdinalIgnoreCase) ? WriteListeners : null;
    }

    private void WritePlugins(Utf8JsonWriter json)
    {
        json.WriteStartArray("plugins");
        if (core.Environment.Gate.Authorizer is IDynamicSecuritySource source)
        {
            foreach (var _ in source.All) WritePlugin(json, "dynamic-security", DynamicSecurityEndpoint.Topic);
        }

        foreach (var name in core.Environment.Options.PluginNames) WritePlugin(json, name, null);
        json.WriteEndArray();
    }

    private static void WritePlugin(Utf8JsonWriter json, string name, string? endpoint)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("version", typeof(BrokerEndpoint).Assembly.GetName().Version!.ToString(3));
        if (endpoint is not null)
        {
            json.WriteStartArray("control-endpoints");
            json.WriteStringValue(endpoint);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private void WriteListeners(Utf8JsonWriter json)
    {
        json.WriteStartArray("listeners");
        // One listener line without an address is two sockets, one for each address family.
        foreach (var (options, endPoint) in listeners.Open.DistinctBy(listener => KeyOf(listener.Options, listener.EndPoint))) WriteListener(json, options, endPoint);
        json.WriteEndArray();
    }

    private static void WriteListener(Utf8JsonWriter json, ListenerOptions options, EndPoint endPoint)
    {
        json.WriteStartObject();
        json.WriteNumber("port", endPoint is IPEndPoint { Port: var port } ? port : 0);
        json.WriteString("protocol", options.Protocol == ListenerProtocol.WebSockets ? "mqtt+websockets" : "mqtt");
        if (AddressOf(endPoint) is { } address) json.WriteString("bind-address", address);
        if (endPoint is UnixDomainSocketEndPoint) json.WriteString("socket-path", endPoint.ToString());
        json.WriteBoolean("tls", options.Tls is not null);
        json.WriteEndObject();
    }

    private static (string, string?, ListenerProtocol) KeyOf(ListenerOptions options, EndPoint endPoint) =>
        (endPoint is IPEndPoint { Port: var port } ? $"{port}" : $"{endPoint}", AddressOf(endPoint), options.Protocol);

    private static string? AddressOf(EndPoint endPoint) =>
        endPoint is IPEndPoint { Address: var address } && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any) ? address.ToString() : null;
}
