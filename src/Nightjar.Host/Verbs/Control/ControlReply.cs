using System.Text.Json;
using Nightjar.Protocol;

namespace Nightjar.Host.Verbs.Control;

/// <summary>What came of a request.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="Response">The response, with <see cref="ControlOutcome.Answered"/>.</param>
/// <param name="ReasonCode">Why it was refused.</param>
/// <param name="Problem">What is wrong with the payload, with <see cref="ControlOutcome.Invalid"/>.</param>
internal readonly record struct ControlReply(ControlOutcome Outcome, ControlResponse? Response = null, ReasonCode ReasonCode = ReasonCode.Success, string? Problem = null)
{
    /// <summary>Reads the payload of a response.</summary>
    /// <param name="payload">What came.</param>
    /// <param name="correlation">What the request carried; null takes any response.</param>
    /// <param name="reply">What it says.</param>
    /// <returns>False for a response to somebody else's request.</returns>
    internal static bool TryRead(ReadOnlyMemory<byte> payload, string? correlation, out ControlReply reply)
    {
        JsonElement root;
        try
        {
            using JsonDocument document = JsonDocument.Parse(payload);
            root = document.RootElement.Clone();
        }
        catch (JsonException)
        {
            reply = new ControlReply(ControlOutcome.Invalid, Problem: "Payload not JSON.");
            return true;
        }

        if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("error", out JsonElement error) && error.ValueKind == JsonValueKind.String)
        {
            reply = new ControlReply(ControlOutcome.EndpointUnavailable, Problem: error.GetString());
            return true;
        }

        if (!TryFirst(root, out JsonElement response) || ControlResponse.Text(response, "command") is not { } command)
        {
            reply = new ControlReply(ControlOutcome.Invalid, Problem: "Payload missing data.");
            return true;
        }

        reply = new ControlReply(ControlOutcome.Answered, new ControlResponse(command, response));
        // A request that the broker could not read has lost what it carried.
        return correlation is null || (ControlResponse.Text(response, "correlationData") is { } carried ? carried == correlation : command == "Unknown command");
    }

    /// <summary>Says why there is no response, as one line.</summary>
    internal string Describe(ProtocolVersion version) => Outcome switch
    {
        ControlOutcome.EndpointUnavailable => $"Error: The broker does not have this module: {Problem}.",
        ControlOutcome.SubscribeRefused => $"Subscribe error: {(version == ProtocolVersion.Mqtt50 ? ToolErrors.Describe(ReasonCode) : "Subscription refused.")}",
        ControlOutcome.PublishRefused => $"Publish error: {ToolErrors.Describe(ReasonCode)}",
        ControlOutcome.TimedOut => "Error: Timed out: the broker did not answer. Does it have this module, and may this user use it?",
        ControlOutcome.ConnectionLost => "Error: The connection was lost before the broker answered.",
        _ => $"Error: {Problem}",
    };

    private static bool TryFirst(JsonElement root, out JsonElement response)
    {
        response = default;
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("responses", out JsonElement responses)) return false;
        if (responses.ValueKind != JsonValueKind.Array || responses.GetArrayLength() == 0) return false;
        response = responses[0];
        return response.ValueKind == JsonValueKind.Object;
    }
}
