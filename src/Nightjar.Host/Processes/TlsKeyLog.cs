namespace Nightjar.Host.Processes;

/// <summary>The keys of TLS connections in a file, for a packet analyser: whoever has it reads everything.</summary>
internal static class TlsKeyLog
{
    /// <summary>Turns it on for the whole process. The runtime looks once, before its first handshake.</summary>
    internal static void Enable(string path)
    {
        AppContext.SetSwitch("System.Net.EnableSslKeyLogging", isEnabled: true);
        Environment.SetEnvironmentVariable("SSLKEYLOGFILE", path);
    }
}
