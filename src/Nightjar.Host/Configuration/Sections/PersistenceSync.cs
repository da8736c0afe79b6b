namespace Nightjar.Host.Configuration.Sections;

/// <summary>When a client is told that something is kept.</summary>
internal enum PersistenceSync
{
    /// <summary>When it is on the disk.</summary>
    Always,

    /// <summary>When the operating system has it; the disk follows after an interval.</summary>
    Interval,

    /// <summary>At once, as Mosquitto does; the disk follows as the autosave options say.</summary>
    Mosquitto,
}
