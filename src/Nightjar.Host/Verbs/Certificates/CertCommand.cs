namespace Nightjar.Host.Verbs.Certificates;

/// <summary>What <c>nightjar cert</c> is asked for.</summary>
internal enum CertCommand
{
    /// <summary>ca: makes the authority.</summary>
    Authority,

    /// <summary>server: issues a server's certificate.</summary>
    Server,

    /// <summary>client: issues a client's certificate.</summary>
    Client,

    /// <summary>revoke: takes certificates back.</summary>
    Revoke,

    /// <summary>crl: writes the revocation list anew.</summary>
    RevocationList,

    /// <summary>list: prints what was issued.</summary>
    List,
}
