using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Logging;

/// <summary>One line as it is written.</summary>
/// <param name="Type">Its one type.</param>
/// <param name="Text">Without a line end.</param>
/// <param name="MayBePublished">Whether it may go to a topic: not when publishing such a line caused it.</param>
internal readonly record struct LogLine(LogTypes Type, string Text, bool MayBePublished);
