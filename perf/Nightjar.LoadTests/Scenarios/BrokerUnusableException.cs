namespace Nightjar.LoadTests.Scenarios;

/// <summary>The broker did not let a scenario begin; the message says what it did instead.</summary>
internal sealed class BrokerUnusableException(string message) : Exception(message);
