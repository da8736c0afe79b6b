namespace Nightjar.Host.Logging;

/// <summary>What the destinations of the log stand for in this process.</summary>
/// <param name="Output">stdout.</param>
/// <param name="Error">stderr.</param>
internal sealed record LogPlaces(TextWriter Output, TextWriter Error)
{
    /// <summary>Socket of syslog.</summary>
    internal string SyslogPath { get; init; } = SyslogSink.DefaultPath;

    /// <summary>Name of the program in syslog: the one it was started under.</summary>
    internal string Ident { get; init; } = Path.GetFileNameWithoutExtension(Environment.GetCommandLineArgs()[0]);

    /// <summary>Publishes text to a topic with QoS 2 and an expiry of 20 seconds. Called by the writer of the log; may throw InvalidOperationException while there is no broker.</summary>
    internal Action<string, string> Publish { get; init; } = (_, _) => throw new InvalidOperationException("No broker is running.");
}
