namespace Nightjar.EndToEnd.Tests.Differential;

/// <summary>What came of an attempt, as its client and an administrator see it.</summary>
/// <param name="ConnectCode">Code of CONNACK.</param>
/// <param name="SubscribeCode">Code of SUBACK; -1 when it did not get that far.</param>
/// <param name="PublishCode">Reason code of PUBACK; 0 where there is none; -1 when it did not get that far.</param>
/// <param name="Seen">What the administrator saw of the client's message.</param>
/// <param name="Delivered">What the client got of the retained messages and the probes, sorted.</param>
internal sealed record Observation(int ConnectCode, int SubscribeCode, int PublishCode, string Seen, string Delivered);
