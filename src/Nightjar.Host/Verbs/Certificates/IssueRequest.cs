namespace Nightjar.Host.Verbs.Certificates;

/// <summary>A certificate that is asked for. Immutable.</summary>
internal sealed record IssueRequest
{
    /// <summary>Name of its files, and of the certificate in the index.</summary>
    internal required string Name { get; init; }

    /// <summary>Its subject's common name, 1 to 64 characters.</summary>
    internal required string CommonName { get; init; }

    /// <summary>For a server, else for a client.</summary>
    internal bool IsServer { get; init; }

    /// <summary>Host names and addresses of a server; none for this machine's own.</summary>
    internal IReadOnlyList<string> AlternativeNames { get; init; } = [];

    /// <summary>How long it is valid, unless the authority ends earlier.</summary>
    internal int Days { get; init; }

    /// <summary>RSA instead of an elliptic curve.</summary>
    internal bool UseRsa { get; init; }

    /// <summary>server or client.</summary>
    internal string Kind => IsServer ? "server" : "client";
}
