using System.Security.Cryptography.X509Certificates;
using System.Text;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Security;
using Nightjar.Protocol;

namespace Nightjar.Broker.Connections;

/// <summary>Who a client says it is, before that is looked into: from CONNECT, or from TLS where the listener wants that.</summary>
/// <param name="ClientId">Client identifier it will have; empty where one will be assigned.</param>
/// <param name="UserName">User name; null for none.</param>
/// <param name="Password">Password; null for none, and where TLS has proved the user name.</param>
/// <param name="Proof">What vouches for the user name.</param>
internal readonly record struct ConnectClaim(string ClientId, string? UserName, byte[]? Password, IdentityProof Proof)
{
    /// <summary>Finds out what a client claims.</summary>
    /// <param name="connection">Its connection, whose handshake is over.</param>
    /// <param name="request">Its CONNECT. User name and password of it are ignored where TLS names the user.</param>
    /// <param name="claim">The result; with the client id at least when the client is refused, for the log.</param>
    /// <param name="rule">What a refusal is for, in the words of the log; null for none.</param>
    /// <returns>Success, or why the client is refused.</returns>
    internal static ReasonCode TryMake(ClientConnection connection, ConnectRequest request, out ConnectClaim claim, out string? rule)
    {
        var listener = connection.Listener;
        rule = null;
        claim = new ConnectClaim(request.ClientId, request.UserName, request.Password, IdentityProof.Password);
        if (listener.UserNameSource != UserNameSource.Connect && (listener.Tls is not null || connection.Tls is not null))
        {
            var userName = UserNameOf(connection, listener.UserNameSource, out var proof);
            // A name that no CONNECT could carry is none: it may become a client id, which CONNACK tells.
            if (userName is not null && Encoding.UTF8.GetByteCount(userName) > ushort.MaxValue) userName = null;
            claim = claim with { UserName = userName, Password = null, Proof = proof };
            if (userName is null)
            {
                rule = "no user name in the client's certificate";
                return ReasonCode.BadUserNameOrPassword;
            }
        }

        if (!listener.UseUserNameAsClientId) return ReasonCode.Success;
        if (string.IsNullOrEmpty(claim.UserName))
        {
            rule = "use_username_as_clientid";
            return ReasonCode.NotAuthorized;
        }

        claim = claim with { ClientId = claim.UserName };
        return ReasonCode.Success;
    }

    private static string? UserNameOf(ClientConnection connection, UserNameSource source, out IdentityProof proof)
    {
        proof = IdentityProof.Certificate;
        switch (connection.Tls)
        {
            case { PskIdentity: { } identity }:
                proof = IdentityProof.PreSharedKey;
                return identity.Length == 0 || identity.Contains('\0', StringComparison.Ordinal) ? null : identity;
            case { RemoteCertificate: { } certificate }:
                return NameOf(certificate, source);
            default:
                return null;
        }
    }

    private static string? NameOf(X509Certificate2 certificate, UserNameSource source) =>
        source == UserNameSource.Subject ? CertificateNames.Subject(certificate.SubjectName) : CertificateNames.CommonName(certificate.SubjectName);
}
