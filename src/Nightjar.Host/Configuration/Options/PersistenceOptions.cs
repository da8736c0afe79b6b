using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Configuration.Options;

/// <summary>Where state is kept, and when it counts as kept.</summary>
internal static class PersistenceOptions
{
    private static readonly Define<PersistenceSection> Persistence =
        new(OptionArea.Persistence, OptionScope.General, (draft, change) => draft.Persistence = change(draft.Persistence));

    // The store is opened once: nothing here changes while the broker runs.
    internal static IEnumerable<ConfigurationOption> All() => Options().Select(option => option with { IsReloadable = false });

    private static IEnumerable<ConfigurationOption> Options()
    {
        var persistence = Persistence.Boolean("persistence", false, "Whether sessions, subscriptions and messages survive a restart.", (section, value) => section with { IsOn = value });
        return
        [
            persistence,
            persistence.As("retained_persistence"),
            Persistence.Text("persistence_file", "mosquitto.db", "Name of the file. mosquitto.db and mosquitto.sqlite3, which are Mosquitto's, mean nightjar.db: their files are never touched.", (section, value) => section with { File = value }),
            Persistence.Text("persistence_location", null, "Directory of the file; the environment's MOSQUITTO_PERSISTENCE_LOCATION wins.", (section, value) => section with { Location = value }),
            Persistence.Words("persistence_sync", "always", "When clients are told that something is kept: always, when it is on disk; interval MS, when the operating system has it, and the disk follows within MS milliseconds; mosquitto, at once, and the disk follows as autosave says. Ours.", ReadSync)
                with { Range = "always | interval 1 to 3600000 (1000) | mosquitto" },
            Persistence.Boolean("persistence_recover", false, "Whether a damaged file is put aside and what can be read of it is used; false: it is left alone and the start refused. Ours.", (section, value) => section with { Recover = value }),
            Persistence.Integer("autosave_interval", "1800", 0, int.MaxValue, "Seconds between saves with persistence_sync mosquitto; 0: only at the end and at SIGUSR1.", (section, value) => section with { AutosaveInterval = (int)value }, below: 0),
            Persistence.Boolean("autosave_on_changes", false, "Whether autosave_interval counts changes instead of seconds.", (section, value) => section with { AutosaveOnChanges = value }),
        ];
    }

    private static (PersistenceSection? Section, string? Error) ReadSync(PersistenceSection section, OptionLine line)
    {
        var words = line.Words;
        return words[0] switch
        {
            "always" when words.Length == 1 => (section with { Sync = PersistenceSync.Always }, null),
            "mosquitto" when words.Length == 1 => (section with { Sync = PersistenceSync.Mosquitto }, null),
            "interval" when words.Length == 1 => (section with { Sync = PersistenceSync.Interval, SyncInterval = TimeSpan.FromSeconds(1) }, null),
            "interval" when words.Length == 2 && OptionValue.TryInteger(words[1], out var milliseconds) && milliseconds is >= 1 and <= 3_600_000 =>
                (section with { Sync = PersistenceSync.Interval, SyncInterval = TimeSpan.FromMilliseconds(milliseconds) }, null),
            _ => (null, $"Error: Invalid 'persistence_sync' value ({line.Value}); it is always, interval MILLISECONDS (1 to 3600000) or mosquitto."),
        };
    }
}
