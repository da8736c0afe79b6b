using Nightjar.Host.Configuration.Parsing;
using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Configuration.Options;

/// <summary>TLS of one bridge.</summary>
internal static class BridgeTlsOptions
{
    private static readonly Define<BridgeSection> Bridge = new(OptionArea.BridgeTls, OptionScope.Bridge, (draft, change) => draft.ChangeBridge(change));

    internal static IEnumerable<ConfigurationOption> All() =>
    [
        Text("bridge_cafile", "Authorities of the remote broker's certificate, PEM.", (tls, value) => tls with { CaFile = value }),
        Text("bridge_capath", "Directory of such authorities.", (tls, value) => tls with { CaPath = value }),
        Boolean("bridge_tls_use_os_certs", "Whether the system's authorities are trusted.", (tls, value) => tls with { UseOsCertificates = value }),
        Text("bridge_certfile", "The bridge's own certificate, PEM; needs bridge_keyfile.", (tls, value) => tls with { CertFile = value }),
        Text("bridge_keyfile", "Its private key, PEM.", (tls, value) => tls with { KeyFile = value }) with { Repetition = OptionRepetition.Replaces },
        Text("bridge_tls_version", "Lowest version: tlsv1.2 or tlsv1.3.", (tls, value) => tls with { Version = value }, fallback: "tlsv1.2",
            check: value => value is "tlsv1.2" or "tlsv1.3" or "tlsv1.1" ? null : $"Error: Invalid 'bridge_tls_version' value ({value}). It must be tlsv1.2 or tlsv1.3."),
        Text("bridge_ciphers", "Ciphers of TLS 1.2, in OpenSSL's form.", (tls, value) => tls with { Ciphers = value }),
        Text("bridge_ciphers_tls1.3", "Ciphers of TLS 1.3, in OpenSSL's form.", (tls, value) => tls with { CiphersTls13 = value }),
        Text("bridge_alpn", "Protocol offered by ALPN.", (tls, value) => tls with { Alpn = value }),
        Boolean("bridge_insecure", "Whether the name in the remote broker's certificate is not checked.", (tls, value) => tls with { Insecure = value }),
        Boolean("bridge_require_ocsp", "Whether the remote broker must staple an OCSP answer.", (tls, value) => tls with { RequireOcsp = value }),
        Text("bridge_identity", "Identity for TLS-PSK; needs bridge_psk and excludes certificates.", (tls, value) => tls with { Identity = value }),
        Bridge.Secret("bridge_psk", "Key for TLS-PSK, hexadecimal; needs bridge_identity.", (bridge, value) => With(bridge, bridge.Tls with { Psk = value }), Hexadecimal),
    ];

    private static ConfigurationOption Text(
        string name, string summary, Func<BridgeTlsSection, string, BridgeTlsSection> set, string? fallback = null, Func<string, string?>? check = null) =>
        Bridge.Text(name, fallback, summary, (bridge, value) => With(bridge, set(bridge.Tls, value)), OptionRepetition.IsAnError, check);

    private static ConfigurationOption Boolean(string name, string summary, Func<BridgeTlsSection, bool, BridgeTlsSection> set) =>
        Bridge.Boolean(name, false, summary, (bridge, value) => With(bridge, set(bridge.Tls, value)));

    private static BridgeSection With(BridgeSection bridge, BridgeTlsSection tls) => bridge with { Tls = tls };

    private static string? Hexadecimal(string value) =>
        value.All(char.IsAsciiHexDigit) ? null : "Error: 'bridge_psk' must be hexadecimal digits, without a leading 0x.";
}
