using Nightjar.Transport.Buffers;
using Nightjar.Transport.OpenSsl.Keys;

namespace Nightjar.Transport.OpenSsl;

/// <summary>What a server's pre-shared keys are and how it uses them. Immutable.</summary>
public sealed record PskServerOptions
{
    /// <summary>Key of each identity; <see cref="PskFile.Keys"/> of a file.</summary>
    public required IReadOnlyDictionary<string, PskKey> Keys { get; init; }

    /// <summary>What the server tells clients so that they know which of their keys to use, at most 256 bytes; null for nothing.
    /// mosquitto: psk_hint.</summary>
    public string? Hint { get; init; }

    /// <summary>Cipher suites in OpenSSL's syntax, in the order of preference; null for ECDHE-PSK-CHACHA20-POLY1305 followed by what Mosquitto's
    /// default has for pre-shared keys. mosquitto: ciphers.</summary>
    public string? Ciphers { get; init; }

    /// <summary>Clock of the linger.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where the connections' blocks come from.</summary>
    public BufferPool BufferPool { get; init; } = BufferPool.Shared;
}
