namespace Nightjar.CrashTests;

/// <summary>The broker did not start; the message is its log.</summary>
internal sealed class BrokerFailedException(string log) : Exception($"The broker did not start.\n{log}");
