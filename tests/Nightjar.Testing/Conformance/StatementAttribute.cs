namespace Nightjar.Testing.Conformance;

/// <summary>Names the normative statement that a test, or every test of a class, proves.</summary>
/// <param name="id"><c>MQTT-3.1.2-3</c> for MQTT 5.0, <c>MQTT-3.1.2-3 v3.1.1</c> for MQTT 3.1.1, <c>T3-05</c> or <c>T3: row text</c>
/// for an un-numbered rule of Table 3.</param>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class, AllowMultiple = true)]
public sealed class StatementAttribute(string id) : Attribute
{
    /// <summary>The statement's id as cited by the test.</summary>
    public string Id => id;
}
