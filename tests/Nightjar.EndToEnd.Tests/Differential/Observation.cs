namespace Nightjar.EndToEnd.Tests.Differential;

/// <summary>What came of an attempt, as its client and an administrator see it.</summary>
/// <param name="ConnectCode">Code of CONNACK; -1 when there was none.</param>
/// <param name="SubscribeCode">Code of SUBACK; -1 when it did not get that far.</param>
/// <param name="PublishCode">Reason code of PUBACK or PUBREC; 0 where there is none; -1 when it did not get that far; -2 when the connection was closed.</param>
/// <param name="Seen">What the administrator saw of the client's message.</param>
/// <param name="Delivered">What the client got of the retained messages and the probes, sorted.</param>
/// <param name="Will">What the administrator saw of its will.</param>
internal sealed record Observation(int ConnectCode, int SubscribeCode, int PublishCode, string Seen, string Delivered, string Will)
{
    public static Observation Refused(int code) => new(code, -1, -1, "", "", "");
}
