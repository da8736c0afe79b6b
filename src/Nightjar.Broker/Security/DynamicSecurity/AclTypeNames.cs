using System.Text;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>How the rule types are spelt. Case does not matter, as to Mosquitto.</summary>
internal static class AclTypeNames
{
    private static readonly string[] Names = ["publishClientSend", "publishClientReceive", "subscribeLiteral", "subscribePattern", "unsubscribeLiteral", "unsubscribePattern"];
    private static readonly byte[][] Utf8Names = [.. Names.Select(Encoding.ASCII.GetBytes)];

    /// <summary>The name that is written.</summary>
    internal static ReadOnlySpan<byte> NameOf(AclType type) => Utf8Names[(int)type];

    /// <summary>Reads a name.</summary>
    /// <remarks><c>clientPublishSend</c> and <c>clientPublishReceive</c> stand in tutorials, where the broker's own words were meant.</remarks>
    internal static bool TryParse(string text, out AclType type)
    {
        text = text.ToUpperInvariant() switch
        {
            "CLIENTPUBLISHSEND" => Names[(int)AclType.PublishClientSend],
            "CLIENTPUBLISHRECEIVE" => Names[(int)AclType.PublishClientReceive],
            _ => text,
        };
        var index = Array.FindIndex(Names, name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
        type = (AclType)Math.Max(0, index);
        return index >= 0;
    }
}
