using Nightjar.Broker.Security.Passwords;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>
/// Dynamic security: clients, groups and roles that are changed while the broker runs, by messages to <c>$CONTROL/dynamic-security/v1</c>, and kept
/// in a file that Mosquitto can read. mosquitto: plugin mosquitto_dynamic_security.
/// </summary>
/// <remarks>
/// <para>Give a broker both <see cref="CreateAuthenticator"/> and <see cref="CreateAuthorizer"/>: the first decides who comes in, the second what they may
/// do, and where the second is part of a broker's rules the broker answers commands. A change is in force for connected clients at once.</para>
/// <para>One instance for a file, for as long as the process runs: a reload of the broker takes the same one again.</para>
/// </remarks>
public sealed partial class DynamicSecurityService
{
    private DynamicSecurityProgram _program;

    internal DynamicSecurityService(DynamicSecurityDocument document, bool deniesSpecialCharacters = true)
    {
        Document = document;
        DeniesSpecialCharacters = deniesSpecialCharacters;
        _program = DynamicSecurityProgram.Compile(document.Current);
        document.Changed += OnChanged;
    }

    /// <summary>Raised when a change is in force. In order, one call at a time.</summary>
    internal event Action<DynamicSecurityService, DynamicSecurityState, DynamicSecurityChange>? Changed;

    /// <summary>The state and its file.</summary>
    internal DynamicSecurityDocument Document { get; }

    /// <summary>The state as it is asked.</summary>
    internal DynamicSecurityProgram Program => Volatile.Read(ref _program);

    /// <summary>Passwords that were verified.</summary>
    internal VerifiedPasswords Verified { get; } = new();

    /// <summary>Whether clients with <c>+</c> or <c>#</c> in user name or client id may do nothing. mosquitto: auth_plugin_deny_special_chars.</summary>
    internal bool DeniesSpecialCharacters { get; }

    /// <summary>Who is let in.</summary>
    /// <param name="next">Asked for clients that dynamic security does not know, or knows no password of; null: of those only clients without a user
    /// name come in, where the listener allows them, and clients that TLS has named.</param>
    public IAuthenticator CreateAuthenticator(IAuthenticator? next = null) => new DynamicSecurityAuthenticator(this, next, HashQueue.Shared);

    /// <summary>Who may do what.</summary>
    /// <param name="next">Asked for users that dynamic security does not know, and for clients without a user name while no group stands for them; null:
    /// the former may do nothing, the latter what the default access says.</param>
    public IAuthorizer CreateAuthorizer(IAuthorizer? next = null) => new DynamicSecurityAuthorizer(this, next);

    // The program first: whoever hears of the change, and asks, gets the new answer.
    private void OnChanged(DynamicSecurityState old, DynamicSecurityState now, DynamicSecurityChange change)
    {
        Volatile.Write(ref _program, _program.Then(now));
        Changed?.Invoke(this, old, change);
    }
}
