using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Configuration.Parsing;

/// <summary>Something about a configuration that is worth a log line and does not keep it from being used.</summary>
/// <param name="Type">Kind of the log line.</param>
/// <param name="Text">The line, in Mosquitto's words where it has them.</param>
/// <param name="Place">Which line of the configuration it is about.</param>
internal sealed record ConfigurationNotice(LogTypes Type, string Text, SourcePlace Place);
