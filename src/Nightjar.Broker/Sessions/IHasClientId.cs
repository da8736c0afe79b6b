using Nightjar.Broker.Collections;

namespace Nightjar.Broker.Sessions;

/// <summary>What a <see cref="SessionTable{T}"/> needs to know of its items. Neither value may change.</summary>
internal interface IHasClientId
{
    /// <summary>Client Identifier in UTF-8.</summary>
    ReadOnlySpan<byte> ClientIdUtf8 { get; }

    /// <summary>The <see cref="SeededHash.Hash32"/> of the Client Identifier, kept so that it is not computed again.</summary>
    uint ClientIdHash { get; }
}
