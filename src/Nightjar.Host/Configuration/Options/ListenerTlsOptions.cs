using Nightjar.Host.Configuration.Parsing;
using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Configuration.Options;

/// <summary>TLS of one listener.</summary>
internal static class ListenerTlsOptions
{
    private static readonly Define<ListenerSection> Own = Define(OptionScope.Listener);
    private static readonly Define<ListenerSection> OwnOrDefault = Define(OptionScope.ListenerOrDefault);

    internal static IEnumerable<ConfigurationOption> All() =>
    [
        Text(OwnOrDefault, "certfile", "The server's certificate, PEM, with its chain; needs keyfile.", (tls, value) => tls with { CertFile = value }),
        Text(OwnOrDefault, "keyfile", "The server's private key, PEM; needs certfile.", (tls, value) => tls with { KeyFile = value }),
        Text(Own, "cafile", "Certificate authorities that clients' certificates may come from, PEM.", (tls, value) => tls with { CaFile = value }),
        Text(OwnOrDefault, "capath", "Directory of such authorities, one PEM file each.", (tls, value) => tls with { CaPath = value }),
        OwnOrDefault.Boolean("require_certificate", false, "Whether a client must show a certificate of these authorities.", (listener, value) => With(listener, listener.Tls with { RequireCertificate = value })),
        OwnOrDefault.Boolean("use_identity_as_username", false, "Whether the certificate's common name, or the PSK identity, is the user name.", (listener, value) => listener with { UseIdentityAsUserName = value }),
        OwnOrDefault.Boolean("use_subject_as_username", false, "Whether the certificate's whole subject is the user name.", (listener, value) => listener with { UseSubjectAsUserName = value }),
        Text(OwnOrDefault, "crlfile", "Revoked certificates, PEM; needs require_certificate.", (tls, value) => tls with { CrlFile = value }),
        Own.Boolean("disable_client_cert_date_checks", false, "Whether certificates that are expired or not yet valid are accepted.", (listener, value) => With(listener, listener.Tls with { DisableClientCertificateDateChecks = value })),
        Own.Text("tls_version", "tlsv1.2", "Lowest version: tlsv1.2 or tlsv1.3; tlsv1.1 is read as well.", (listener, value) => With(listener, listener.Tls with { Version = value }), OptionRepetition.IsAnError, Version)
            with { Range = "tlsv1.1 | tlsv1.2 | tlsv1.3" },
        Text(OwnOrDefault, "ciphers", "Ciphers of TLS 1.2, in OpenSSL's form.", (tls, value) => tls with { Ciphers = value }),
        Text(OwnOrDefault, "ciphers_tls1.3", "Ciphers of TLS 1.3, in OpenSSL's form.", (tls, value) => tls with { CiphersTls13 = value }),
        OwnOrDefault.Make("dhparamfile", OptionKind.Text, null, "Not needed any more; accepted with a warning, as Mosquitto does.", (draft, line) =>
        {
            draft.Note(LogTypes.Warning, "Warning: dhparamfile is no longer required.", line.Place);
            return null;
        }) with { MayBeEmpty = true, Scope = OptionScope.General },
        OwnOrDefault.Text("tls_engine", null, "OpenSSL engine.", (listener, value) => With(listener, listener.Tls with { Engine = value })),
        OwnOrDefault.Secret("tls_engine_kpass_sha1", "SHA-1 of the engine's key password, 40 hexadecimal digits.", (listener, value) => With(listener, listener.Tls with { EngineKeyPasswordSha1 = value }), Sha1),
        OwnOrDefault.Choice("tls_keyform", "pem", "Whether keyfile is a PEM file or the name of a key of the engine.", new Dictionary<string, Func<ListenerSection, ListenerSection>>
        {
            ["pem"] = listener => With(listener, listener.Tls with { IsEngineKey = false }),
            ["engine"] = listener => With(listener, listener.Tls with { IsEngineKey = true }),
        }),
        OwnOrDefault.Text("psk_hint", null, "Turns TLS with pre-shared keys on; what clients are told. Excludes certfile.", (listener, value) => With(listener, listener.Tls with { PskHint = value })),
    ];

    /// <summary>Checks a lowest TLS version; the same for listeners and bridges.</summary>
    internal static string? Version(string value) => value is "tlsv1.1" or "tlsv1.2" or "tlsv1.3"
        ? null
        : $"Error: Invalid 'tls_version' value ({value}). It must be tlsv1.2 or tlsv1.3.";

    private static Define<ListenerSection> Define(OptionScope scope) => new(OptionArea.ListenerTls, scope, (draft, change) => draft.ChangeListener(change));

    private static ConfigurationOption Text(Define<ListenerSection> define, string name, string summary, Func<ListenerTlsSection, string, ListenerTlsSection> set) =>
        define.Text(name, null, summary, (listener, value) => With(listener, set(listener.Tls, value)), OptionRepetition.Replaces);

    private static ListenerSection With(ListenerSection listener, ListenerTlsSection tls) => listener with { Tls = tls };

    private static string? Sha1(string value) =>
        value.Length == 40 && value.All(char.IsAsciiHexDigit) ? null : "Error: 'tls_engine_kpass_sha1' must be a SHA-1 of 40 hexadecimal digits.";
}
