namespace Nightjar.EndToEnd.Tests.Tools;

/// <summary>Signals of Linux, by what they ask of a broker.</summary>
internal static class SignalNumber
{
    /// <summary>SIGHUP: read everything again.</summary>
    public const int Reload = 1;

    /// <summary>SIGUSR2: print the subscriptions.</summary>
    public const int PrintSubscriptions = 12;

    /// <summary>SIGTERM: stop.</summary>
    public const int Terminate = 15;

    /// <summary>SIGRTMIN: open the log file anew.</summary>
    public const int ReopenLog = 34;
}
