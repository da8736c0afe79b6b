using Microsoft.Extensions.Logging;
using Nightjar.Host.Configuration.Parsing;
using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Logging;

/// <summary>The executable's own log lines, in Mosquitto's words where Mosquitto has them.</summary>
internal static partial class HostLog
{
    internal const int ConfigurationLoadedId = 400;
    internal const int ReloadingId = 407;
    internal const int ReloadedId = 408;
    internal const int InformationId = 410;

    [LoggerMessage(ConfigurationLoadedId, LogLevel.Information, "Config loaded from {File}.")]
    internal static partial void ConfigurationLoaded(ILogger log, string file);

    [LoggerMessage(401, LogLevel.Warning, "Starting in local only mode. Connections will only be possible from clients running on this machine.")]
    internal static partial void LocalOnly(ILogger log);

    [LoggerMessage(402, LogLevel.Warning, "Create a configuration file which defines a listener to allow remote access.")]
    internal static partial void LocalOnlyHint(ILogger log);

    [LoggerMessage(403, LogLevel.Warning, "For more details see https://mosquitto.org/documentation/authentication-methods/")]
    internal static partial void LocalOnlyReference(ILogger log);

    [LoggerMessage(404, LogLevel.Warning, "The -p option is not used, because the configuration file defines listeners.")]
    internal static partial void PortIgnored(ILogger log);

    [LoggerMessage(405, LogLevel.Error, "Unable to start: {Reason}")]
    internal static partial void CannotListen(ILogger log, string reason);

    [LoggerMessage(406, LogLevel.Error, "{Reason}")]
    internal static partial void CannotOpenLog(ILogger log, string reason);

    [LoggerMessage(ReloadingId, LogLevel.Information, "Reloading config.")]
    internal static partial void Reloading(ILogger log);

    [LoggerMessage(ReloadedId, LogLevel.Information, "Config reloaded: {Added} listeners opened, {Removed} closed, {Disconnected} clients disconnected.")]
    internal static partial void Reloaded(ILogger log, int added, int removed, int disconnected);

    [LoggerMessage(409, LogLevel.Error, "The configuration was not reloaded; everything is as it was.")]
    internal static partial void NotReloaded(ILogger log);

    [LoggerMessage(414, LogLevel.Information, "Config changed: {Change}")]
    internal static partial void Changed(ILogger log, string change);

    [LoggerMessage(415, LogLevel.Information, "Saving in-memory database to {File}.")]
    internal static partial void Saving(ILogger log, string file);

    /// <summary>Something that cannot be used, in words that need nothing added.</summary>
    [LoggerMessage(413, LogLevel.Error, "{Text}")]
    internal static partial void Failed(ILogger log, string text);

    [LoggerMessage(InformationId, LogLevel.Information, "{Text}")]
    internal static partial void Information(ILogger log, string text);

    [LoggerMessage(411, LogLevel.Information, "{Text}")]
    private static partial void Notice(ILogger log, string text);

    [LoggerMessage(412, LogLevel.Warning, "{Text}")]
    internal static partial void Warning(ILogger log, string text);

    /// <summary>What reading the configuration had to say, each with its own type.</summary>
    internal static void Notices(ILogger log, IReadOnlyList<ConfigurationNotice> notices)
    {
        foreach (var notice in notices)
        {
            switch (notice.Type)
            {
                case LogTypes.Warning: Warning(log, notice.Text); break;
                case LogTypes.Notice: Notice(log, notice.Text); break;
                default: Information(log, notice.Text); break;
            }
        }
    }
}
