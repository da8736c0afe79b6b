namespace Nightjar.Host.Verbs.Control;

/// <summary>
/// Exit codes of ctrl. They are mosquitto_ctrl's, which ends with 0 when the broker answers, also with an error: scripts that create what may be
/// there already rely on it. Where no answer came mosquitto_ctrl ends with 0 too; here that is a failure.
/// </summary>
internal static class ControlExit
{
    /// <summary>Wrong options, or something that cannot be done.</summary>
    internal const int Failure = 1;

    /// <summary>MOSQ_ERR_CONN_LOST.</summary>
    internal const int ConnectionLost = 7;

    /// <summary>No such module: MOSQ_ERR_NOT_SUPPORTED.</summary>
    internal const int UnknownModule = 10;

    /// <summary>No such command: MOSQ_ERR_UNKNOWN.</summary>
    internal const int UnknownCommand = 13;

    /// <summary>No answer in time: as of the other tools.</summary>
    internal const int TimedOut = 27;

    /// <summary>Says that the arguments are wrong.</summary>
    /// <returns>MOSQ_ERR_INVAL.</returns>
    internal static int InvalidArguments(TextWriter errors)
    {
        errors.WriteLine("Error: Invalid function arguments provided.");
        return 3;
    }
}
