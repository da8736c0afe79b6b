namespace Nightjar.Testing.Conformance;

/// <summary>One row of the conformance matrix.</summary>
/// <param name="Version"><c>5.0</c>, <c>3.1.1</c>, or <c>T3</c> for the un-numbered rules of MQTT 5.0.</param>
/// <param name="Id">The id as a test cites it; unique over the whole matrix.</param>
/// <param name="Role">S server, B both peers, R client duty whose breach the server detects, C client only.</param>
/// <param name="Text">The statement in own words, with the reaction to a breach.</param>
internal sealed record Statement(string Version, string Id, char Role, string Text)
{
    /// <summary>Whether a broker owes the statement: every role but C.</summary>
    public bool ConcernsBroker => Role != 'C';
}
