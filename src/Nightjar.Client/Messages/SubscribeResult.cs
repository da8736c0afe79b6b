using Nightjar.Protocol;

namespace Nightjar.Client;

/// <summary>Answer to SUBSCRIBE or UNSUBSCRIBE.</summary>
/// <param name="IsAnswered">False when the connection ended first (or there was none); then <paramref name="ReasonCodes"/> is empty.</param>
/// <param name="PacketId">Packet Identifier of the request; 0 when none was sent.</param>
/// <param name="ReasonCodes">One code for each filter, in order. A 3.x UNSUBACK has none: Success is put for each.</param>
public sealed record SubscribeResult(bool IsAnswered, ushort PacketId, IReadOnlyList<ReasonCode> ReasonCodes)
{
    /// <summary>The answer when no answer came.</summary>
    internal static readonly SubscribeResult Unanswered = new(false, 0, []);

    /// <summary>Answered, and every code is below 0x80.</summary>
    public bool IsSuccess => IsAnswered && ReasonCodes.All(static code => code < ReasonCode.UnspecifiedError);
}
