namespace Nightjar.Host.Verbs.Control;

/// <summary>One argument of a control command.</summary>
/// <param name="Field">Its name in the request.</param>
/// <param name="Kind">What it is.</param>
/// <param name="IsOptional">Whether it may be left out; then the ones behind it may be too.</param>
internal sealed record CommandParameter(string Field, ParameterKind Kind, bool IsOptional = false)
{
    /// <summary>How the usage shows it.</summary>
    public override string ToString()
    {
        string name = Kind switch
        {
            ParameterKind.AclType or ParameterKind.DefaultAclType => "<acltype>",
            ParameterKind.Access => "allow|deny",
            ParameterKind.TextProperty => "textName|textDescription",
            ParameterKind.RoleProperty => "textName|textDescription|allowWildcardSubs",
            _ => $"<{Field}>",
        };
        return IsOptional ? $"[{name}]" : name;
    }
}
