using System.Text.Json;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>The commands that concern no single entry.</summary>
internal static class AccessCommands
{
    /// <summary><c>setDefaultACLAccess</c>. Entries that are not understood are passed over, as Mosquitto does.</summary>
    internal static string? SetDefault(CommandContext context)
    {
        if (!context.Fields.TryGet("acls", out var list) || list.ValueKind != JsonValueKind.Array) return "Missing/invalid actions array";
        var access = context.State.DefaultAccess;
        foreach (var entry in list.EnumerateArray())
        {
            if (entry.ValueKind != JsonValueKind.Object) continue;
            var fields = new CommandFields(entry);
            if (fields.RequiredName("acltype", "acltype", out var typeName) is not null) continue;
            if (!fields.TryGet("allow", out var allow) || allow.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) continue;
            if (With(access, typeName, allow.GetBoolean()) is not { } changed) continue;
            access = changed;
            context.Audit($"setDefaultACLAccess | acltype={typeName} | allow={(allow.GetBoolean() ? "true" : "false")}");
        }

        if (access == context.State.DefaultAccess) return null;
        context.TouchDefaultAccess();
        context.Apply(context.State with { DefaultAccess = access });
        return null;
    }

    /// <summary><c>getDefaultACLAccess</c>.</summary>
    internal static string? GetDefault(CommandContext context)
    {
        var json = context.Json;
        var access = context.State.DefaultAccess;
        json.BeginObject("data"u8);
        json.BeginArray("acls"u8);
        Write(json, "publishClientSend"u8, access.PublishClientSend);
        Write(json, "publishClientReceive"u8, access.PublishClientReceive);
        Write(json, "subscribe"u8, access.Subscribe);
        Write(json, "unsubscribe"u8, access.Unsubscribe);
        json.EndArray();
        json.EndObject();
        context.Audit($"getDefaultACLAccess");
        return null;
    }

    /// <summary><c>getDetails</c>.</summary>
    internal static string? GetDetails(CommandContext context)
    {
        var json = context.Json;
        json.BeginObject("data"u8);
        json.Number("clientCount"u8, context.State.Clients.Count);
        json.Number("groupCount"u8, context.State.Groups.Count);
        json.Number("roleCount"u8, context.State.Roles.Count);
        json.Number("changeIndex"u8, context.State.ChangeIndex);
        json.EndObject();
        context.Audit($"getDetails");
        return null;
    }

    private static DefaultAccess? With(DefaultAccess access, string typeName, bool isAllowed) => typeName.ToUpperInvariant() switch
    {
        "PUBLISHCLIENTSEND" or "CLIENTPUBLISHSEND" => access with { PublishClientSend = isAllowed },
        "PUBLISHCLIENTRECEIVE" or "CLIENTPUBLISHRECEIVE" => access with { PublishClientReceive = isAllowed },
        "SUBSCRIBE" => access with { Subscribe = isAllowed },
        "UNSUBSCRIBE" => access with { Unsubscribe = isAllowed },
        _ => null,
    };

    private static void Write(CJsonWriter json, ReadOnlySpan<byte> type, bool isAllowed)
    {
        json.BeginObject();
        json.Plain("acltype"u8, type);
        json.Bool("allow"u8, isAllowed);
        json.EndObject();
    }
}
