namespace Nightjar.Host.Configuration.Sections;

/// <summary>Where log lines go: values of log_dest.</summary>
[Flags]
internal enum LogDestinations : byte
{
    None = 0,
    Stdout = 1,
    Stderr = 2,
    Syslog = 4,
    Topic = 8,
    File = 16,
}
