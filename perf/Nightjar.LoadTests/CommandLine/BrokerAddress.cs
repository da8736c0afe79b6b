using System.Globalization;
using System.Net;

namespace Nightjar.LoadTests.CommandLine;

/// <summary>Where the broker listens, over TCP.</summary>
/// <param name="EndPoint">An IPEndPoint, or a DnsEndPoint for a name.</param>
/// <param name="IsTls">The address asks for TLS: <c>mqtts://</c>.</param>
internal sealed record BrokerAddress(EndPoint EndPoint, bool IsTls = false)
{
    private const int DefaultPort = 1883;
    private const int DefaultTlsPort = 8883;

    /// <summary>127.0.0.1:1883.</summary>
    internal static readonly BrokerAddress Default = new(new IPEndPoint(IPAddress.Loopback, DefaultPort));

    /// <summary>Reads <c>host</c>, <c>host:port</c>, <c>[IPv6]:port</c> or an IPv6 address, each with or without <c>mqtt://</c>, <c>tcp://</c>,
    /// <c>mqtts://</c> or <c>ssl://</c>.</summary>
    internal static bool TryParse(string text, out BrokerAddress address)
    {
        address = Default;
        bool isTls = false;
        foreach (string scheme in (string[])["mqtt://", "tcp://", "mqtts://", "ssl://"])
        {
            if (!text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)) continue;
            text = text[scheme.Length..].TrimEnd('/');
            isTls = scheme is "mqtts://" or "ssl://";
            break;
        }

        (string host, string? port) = Split(text);
        int number = isTls ? DefaultTlsPort : DefaultPort;
        if (port is not null && (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out number) || number is < 1 or > 65535)) return false;
        if (IPAddress.TryParse(host, out IPAddress? ip))
        {
            address = new BrokerAddress(new IPEndPoint(ip, number), isTls);
            return true;
        }

        if (Uri.CheckHostName(host) != UriHostNameType.Dns) return false;
        address = new BrokerAddress(new DnsEndPoint(host, number), isTls);
        return true;
    }

    /// <summary>The name that the broker's certificate must be for.</summary>
    internal string Host => EndPoint is DnsEndPoint dns ? dns.Host : ((IPEndPoint)EndPoint).Address.ToString();

    /// <inheritdoc/>
    public override string ToString() => EndPoint is DnsEndPoint dns ? $"{dns.Host}:{dns.Port}" : EndPoint.ToString()!;

    private static (string Host, string? Port) Split(string text)
    {
        if (text.StartsWith('['))
        {
            int end = text.IndexOf(']', StringComparison.Ordinal);
            if (end < 0) return (text, null);
            return (text[1..end], text.Length > end + 1 && text[end + 1] == ':' ? text[(end + 2)..] : null);
        }

        int colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || colon != text.LastIndexOf(':') ? (text, null) : (text[..colon], text[(colon + 1)..]);
    }
}
