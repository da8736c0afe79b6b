using System.Collections.Concurrent;
using System.Text;
using Nightjar.Broker.Security;
using Nightjar.Protocol;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>Lets everybody in, or refuses client ids it has an answer for, and keeps what it was asked.</summary>
internal sealed class RecordingAuthenticator : IAuthenticator
{
    /// <summary>Client id, user name and password of each question.</summary>
    public ConcurrentQueue<(string ClientId, string? UserName, string? Password)> Seen { get; } = new();

    /// <summary>Refusals by client id.</summary>
    public Dictionary<string, (ReasonCode Code, string? ReasonString)> Refusals { get; init; } = [];

    public ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken)
    {
        Seen.Enqueue((request.ClientId, request.UserName, request.Password is { } password ? Encoding.UTF8.GetString(password.Span) : null));
        return new(Refusals.TryGetValue(request.ClientId, out var refusal)
            ? new AuthenticationResult(refusal.Code, null, refusal.ReasonString)
            : new AuthenticationResult(ReasonCode.Success, request.UserName));
    }
}
