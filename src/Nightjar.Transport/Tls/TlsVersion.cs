namespace Nightjar.Transport.Tls;

/// <summary>Least version of TLS a peer must speak.</summary>
public enum TlsVersion
{
    /// <summary>TLS 1.2 or 1.3.</summary>
    Tls12,

    /// <summary>TLS 1.3 only.</summary>
    Tls13,
}
