using Nightjar.Transport.Buffers;
using Nightjar.Transport.OpenSsl.Keys;

namespace Nightjar.Transport.OpenSsl;

/// <summary>Who a client is and how it proves it. Immutable.</summary>
public sealed record PskClientOptions
{
    /// <summary>Most bytes of a client's identity: one fewer than a server takes, because OpenSSL wants room for a zero behind it.</summary>
    public const int MaximumIdentityLength = 255;

    /// <summary>Name by which the server finds the key, 1 to 255 bytes of UTF-8 without zero. mosquitto_pub: --psk-identity.</summary>
    public required string Identity { get; init; }

    /// <summary>The key. mosquitto_pub: --psk, read by <see cref="PskKey.TryParse"/>.</summary>
    public required PskKey Key { get; init; }

    /// <summary>Cipher suites in OpenSSL's syntax, in the order of preference; null for the same as a server's. mosquitto_pub: --ciphers.</summary>
    public string? Ciphers { get; init; }

    /// <summary>Clock of the linger.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where the connections' blocks come from.</summary>
    public BufferPool BufferPool { get; init; } = BufferPool.Shared;
}
