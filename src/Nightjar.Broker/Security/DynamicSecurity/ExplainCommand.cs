namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>
/// <c>explain</c>, which Mosquitto does not have: whether a client may do something, and which rule of which role of which group decides, or which default.
/// Fields: <c>username</c> (absent, or empty while nobody is called so: a client without one), <c>clientid</c> (absent: empty), <c>acltype</c> (<c>publishClientSend</c>,
/// <c>publishClientReceive</c>, <c>subscribe</c>, <c>unsubscribe</c>), <c>topic</c>. Data: <c>allowed</c> (absent when dynamic security does not know the
/// user) and <c>explanation</c>, an array of lines: the answer, what decided, and what was asked before it.
/// </summary>
internal static class ExplainCommand
{
    internal static string? Run(CommandContext context)
    {
        if (context.Fields.OptionalText("username", out var userName) is { } error) return error;
        if ((error = context.Fields.OptionalText("clientid", out var clientId)) is not null) return error;
        if ((error = context.Fields.RequiredName("acltype", "acltype", out var type)) is not null) return error;
        if ((error = context.Fields.RequiredName("topic", "topic", out var topic)) is not null) return error;
        if (DynamicSecurityExplanation.ActionOf(type) is not { } action) return "Unknown acltype";
        if (userName is "" && !context.State.Clients.ContainsKey("")) userName = null;
        if (!DynamicSecurityExplanation.CanBeAsked(action, topic)) return "Invalid topic";
        var explanation = DynamicSecurityExplanation.Of(context.State, userName, clientId ?? "", action, topic, context.Broker.DeniesSpecialCharacters);
        var json = context.Json;
        json.BeginObject("data"u8);
        if (explanation.IsAllowed is { } allowed) json.Bool("allowed"u8, allowed);
        json.BeginArray("explanation"u8);
        foreach (var line in explanation.Lines) json.Item(line);
        json.EndArray();
        json.EndObject();
        return null;
    }
}
