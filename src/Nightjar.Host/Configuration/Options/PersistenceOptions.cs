using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Configuration.Options;

/// <summary>Where state is kept.</summary>
internal static class PersistenceOptions
{
    private static readonly Define<PersistenceSection> Persistence =
        new(OptionArea.Persistence, OptionScope.General, (draft, change) => draft.Persistence = change(draft.Persistence));

    internal static IEnumerable<ConfigurationOption> All()
    {
        var persistence = Persistence.Boolean("persistence", false, "Whether sessions, subscriptions and messages survive a restart.", (section, value) => section with { IsOn = value });
        return
        [
            persistence,
            persistence.As("retained_persistence"),
            Persistence.Text("persistence_file", "mosquitto.db", "Name of the file.", (section, value) => section with { File = value }),
            Persistence.Text("persistence_location", null, "Directory of the file; the environment's MOSQUITTO_PERSISTENCE_LOCATION wins.", (section, value) => section with { Location = value }),
            Persistence.Integer("autosave_interval", "1800", 0, int.MaxValue, "Seconds between saves; 0: only at the end and at SIGUSR1.", (section, value) => section with { AutosaveInterval = (int)value }, below: 0),
            Persistence.Boolean("autosave_on_changes", false, "Whether autosave_interval counts changes instead of seconds.", (section, value) => section with { AutosaveOnChanges = value }),
        ];
    }
}
