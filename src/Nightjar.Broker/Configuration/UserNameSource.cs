namespace Nightjar.Broker.Configuration;

/// <summary>Where the user name of a client comes from.</summary>
public enum UserNameSource : byte
{
    /// <summary>From CONNECT, checked with the password.</summary>
    Connect,

    /// <summary>From TLS: the common name of the client's certificate, or the identity of its pre-shared key; CONNECT's user name and password are ignored. mosquitto: use_identity_as_username.</summary>
    Identity,

    /// <summary>The subject of the client's certificate as RFC 2253 text. mosquitto: use_subject_as_username.</summary>
    Subject,
}
