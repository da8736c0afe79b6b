using System.Text;
using Nightjar.Broker.Security;
using Nightjar.Protocol;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>
/// Enhanced authentication with one challenge: whatever the client begins with gets "question"; "right" lets user "u" in with "welcome", "other"
/// lets another user in, "more" asks once more, anything else is refused.
/// </summary>
internal sealed class ChallengeMethod : IAuthenticationMethod
{
    public string Name => "CHALLENGE";

    /// <summary>A text for the client with every step; null for none.</summary>
    public string? ReasonString { get; init; }

    /// <summary>The data of the challenge.</summary>
    public string Question { get; init; } = "question";

    public IAuthenticationExchange Begin(AuthenticationRequest request) => new Exchange(this);

    private sealed class Exchange(ChallengeMethod method) : IAuthenticationExchange
    {
        private bool _asked;

        public ValueTask<AuthenticationStep> ContinueAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
        {
            var text = Encoding.UTF8.GetString(data.Span);
            var (code, answer, user) = text switch
            {
                "banned" => (ReasonCode.Banned, "", null),
                _ when !_asked => (ReasonCode.ContinueAuthentication, method.Question, null),
                "more" => (ReasonCode.ContinueAuthentication, "again", null),
                "right" => (ReasonCode.Success, "welcome", "u"),
                "other" => (ReasonCode.Success, "", "v"),
                _ => (ReasonCode.NotAuthorized, "", (string?)null),
            };
            _asked = true;
            return new ValueTask<AuthenticationStep>(new AuthenticationStep(code, Encoding.UTF8.GetBytes(answer), user) { ReasonString = method.ReasonString });
        }
    }
}
