using Microsoft.Extensions.Logging;

namespace Nightjar.Host.Logging;

/// <summary>The executable's own log lines, in Mosquitto's words where Mosquitto has them.</summary>
internal static partial class HostLog
{
    [LoggerMessage(400, LogLevel.Information, "Config loaded from {File}.")]
    internal static partial void ConfigurationLoaded(ILogger log, string file);

    [LoggerMessage(401, LogLevel.Information, "Starting in local only mode. Connections will only be possible from clients running on this machine.")]
    internal static partial void LocalOnly(ILogger log);

    [LoggerMessage(402, LogLevel.Information, "Create a configuration file which defines a listener to allow remote access.")]
    internal static partial void LocalOnlyHint(ILogger log);

    [LoggerMessage(403, LogLevel.Information, "For more details see https://mosquitto.org/documentation/authentication-methods/")]
    internal static partial void LocalOnlyReference(ILogger log);

    [LoggerMessage(404, LogLevel.Warning, "The -p option is not used, because the configuration file defines listeners.")]
    internal static partial void PortIgnored(ILogger log);

    [LoggerMessage(405, LogLevel.Error, "Unable to start: {Reason}")]
    internal static partial void CannotListen(ILogger log, string reason);
}
