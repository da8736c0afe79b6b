namespace Nightjar.Host.Verbs.Control;

/// <summary>The types of ACLs and of default access, in the broker's spelling.</summary>
internal static class AclTypes
{
    private static readonly string[] s_acl =
        ["publishClientSend", "publishClientReceive", "subscribeLiteral", "subscribePattern", "unsubscribeLiteral", "unsubscribePattern"];

    private static readonly string[] s_default = ["publishClientSend", "publishClientReceive", "subscribe", "unsubscribe"];

    /// <summary>The types that an argument of this kind can be.</summary>
    internal static string[] Of(ParameterKind kind) => kind == ParameterKind.AclType ? s_acl : s_default;

    /// <summary>Finds a type by its name, of either case.</summary>
    /// <returns>Its name as the broker spells it; null when there is none.</returns>
    internal static string? Find(string name, ParameterKind kind)
    {
        // A published guide has the words the other way round.
        if (name.StartsWith("clientPublish", StringComparison.OrdinalIgnoreCase)) name = "publishClient" + name["clientPublish".Length..];
        return System.Array.Find(Of(kind), type => type.Equals(name, StringComparison.OrdinalIgnoreCase));
    }
}
