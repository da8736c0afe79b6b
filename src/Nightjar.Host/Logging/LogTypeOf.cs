using Microsoft.Extensions.Logging;
using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Logging;

/// <summary>Which of Mosquitto's types a line has: the level says it, except that Information is notice or information, and some debug lines have a type of their own.</summary>
internal static class LogTypeOf
{
    private const int TlsFailed = 113;
    private const int Subscribed = 201;
    private const int Unsubscribed = 202;

    /// <summary>The one type of a line.</summary>
    internal static LogTypes Line(LogLevel level, int eventId) => level switch
    {
        LogLevel.Error or LogLevel.Critical => LogTypes.Error,
        LogLevel.Warning => LogTypes.Warning,
        // A peer's doing, so that it is no error of the broker; Mosquitto calls it one, and matchers look for it there.
        LogLevel.Information when eventId == TlsFailed => LogTypes.Error,
        LogLevel.Information => IsInformation(eventId) ? LogTypes.Information : LogTypes.Notice,
        _ when eventId == Subscribed => LogTypes.Subscribe,
        _ when eventId == Unsubscribed => LogTypes.Unsubscribe,
        LogLevel.Debug => LogTypes.Debug,
        _ => LogTypes.Internal,
    };

    /// <summary>Whether a level can have a line of one of the types.</summary>
    internal static bool IsEnabled(LogLevel level, LogTypes types) => level switch
    {
        LogLevel.None => false,
        LogLevel.Error or LogLevel.Critical => types.HasFlag(LogTypes.Error),
        LogLevel.Warning => types.HasFlag(LogTypes.Warning),
        LogLevel.Information => (types & (LogTypes.Information | LogTypes.Notice | LogTypes.Error)) != 0,
        LogLevel.Debug => (types & (LogTypes.Debug | LogTypes.Subscribe | LogTypes.Unsubscribe)) != 0,
        _ => types.HasFlag(LogTypes.Internal),
    };

    /// <summary>The word of log_type for one type.</summary>
    internal static string Name(LogTypes type) => type switch
    {
        LogTypes.Information => "information",
        LogTypes.Notice => "notice",
        LogTypes.Warning => "warning",
        LogTypes.Error => "error",
        LogTypes.Subscribe => "subscribe",
        LogTypes.Unsubscribe => "unsubscribe",
        LogTypes.WebSockets => "websockets",
        LogTypes.Internal => "internal",
        _ => "debug",
    };

    // Mosquitto's information: what the process does. Its notices: what clients do.
    private static bool IsInformation(int eventId) => eventId is >= 300 and < 400 or HostLog.ConfigurationLoadedId or HostLog.ReloadingId or HostLog.ReloadedId or HostLog.InformationId;
}
