namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>Asks dynamic security, and for users it does not know the rules behind it.</summary>
/// <param name="security">What is asked first.</param>
/// <param name="next">What is asked then; null: nothing is allowed, and a client without a user name gets the default access.</param>
internal sealed class DynamicSecurityAuthorizer(DynamicSecurityService security, IAuthorizer? next) : IAuthorizer, IDynamicSecuritySource
{
    public IEnumerable<DynamicSecurityService> All => [security];

    public DynamicSecurityService? Of(string securityDomain) => security;

    public bool May(Identity identity, AccessAction action, ReadOnlySpan<byte> topic)
    {
        var program = security.Program;
        if (security.DeniesSpecialCharacters && IsSpecial(identity)) return false;
        if (program.Decide(identity, action, topic) is { } decided) return decided;
        if (next is not null) return next.May(identity, action, topic);
        return identity.UserName is null && !topic.IsEmpty && program.DefaultOf(action, topic);
    }

    private static bool IsSpecial(Identity identity) =>
        AccessLists.AccessSubject.IsDangerous(identity.ClientId) || (identity.UserName is { } userName && AccessLists.AccessSubject.IsDangerous(userName));
}
