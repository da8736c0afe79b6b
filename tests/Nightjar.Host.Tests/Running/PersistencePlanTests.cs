using Nightjar.Host.Configuration;
using Nightjar.Host.Configuration.Sections;
using Nightjar.Host.Running;
using Nightjar.Storage.Sqlite;
using Xunit;

namespace Nightjar.Host.Tests.Running;

/// <summary>What the options of persistence, Mosquitto's and its plugin's, come to for the store.</summary>
public sealed class PersistencePlanTests
{
    [Theory]
    [InlineData("persistence true", "nightjar.db", "mosquitto.db")]
    [InlineData("persistence true\npersistence_file mosquitto.db\npersistence_location /s", "/s/nightjar.db", "/s/mosquitto.db")]
    [InlineData("persistence true\npersistence_file own.db\npersistence_location /s/", "/s/own.db", null)]
    [InlineData("persistence true\npersistence_file /t/own.db\npersistence_location /s", "/t/own.db", null)]
    [InlineData("plugin mosquitto_persist_sqlite.so\npersistence_location /s", "/s/nightjar.db", "/s/mosquitto.sqlite3")]
    [InlineData("plugin mosquitto_persist_sqlite.so\nplugin_opt_db_file /d/mosquitto.sqlite3", "/d/nightjar.db", "/d/mosquitto.sqlite3")]
    [InlineData("plugin mosquitto_persist_sqlite.so\nplugin_opt_db_file /d/x.sqlite3", "/d/x.sqlite3", null)]
    public void File_IsTheOneNamed_AndNeverMosquittos(string lines, string path, string? mosquittos)
    {
        var plan = Make(lines)!;
        Assert.Equal((path, mosquittos), (plan.Options.Path, plan.MosquittoFile));
    }

    [Theory]
    [InlineData("persistence true", SqliteSync.Always, 1000, 1800, 0)]
    [InlineData("persistence true\npersistence_sync interval", SqliteSync.Interval, 1000, 1800, 0)]
    [InlineData("persistence true\npersistence_sync interval 20", SqliteSync.Interval, 20, 1800, 0)]
    [InlineData("persistence true\npersistence_sync mosquitto\nautosave_interval 60", SqliteSync.Autosave, 1000, 60, 0)]
    [InlineData("persistence true\npersistence_sync mosquitto\nautosave_interval 60\nautosave_on_changes true", SqliteSync.Autosave, 1000, 0, 60)]
    [InlineData("plugin mosquitto_persist_sqlite.so", SqliteSync.Always, 1000, 1800, 0)]
    [InlineData("plugin mosquitto_persist_sqlite.so\nplugin_opt_sync extra", SqliteSync.Always, 5000, 5, 0)]
    [InlineData("plugin mosquitto_persist_sqlite.so\nplugin_opt_sync full", SqliteSync.Always, 5000, 5, 0)]
    [InlineData("plugin mosquitto_persist_sqlite.so\nplugin_opt_sync normal", SqliteSync.Interval, 5000, 5, 0)]
    [InlineData("plugin mosquitto_persist_sqlite.so\nplugin_opt_sync normal\nplugin_opt_flush_period 2", SqliteSync.Interval, 2000, 2, 0)]
    [InlineData("plugin mosquitto_persist_sqlite.so\nplugin_opt_sync off\nplugin_opt_flush_period 9", SqliteSync.Autosave, 9000, 9, 0)]
    [InlineData("persistence_sync always\nplugin mosquitto_persist_sqlite.so\nplugin_opt_sync off", SqliteSync.Always, 1000, 1800, 0)]
    public void Sync_IsWhatTheOptionsSay(string lines, SqliteSync sync, int interval, int autosave, long changes)
    {
        var options = Make(lines)!.Options;
        Assert.Equal((sync, interval, autosave, changes), (options.Sync, (int)options.SyncInterval.TotalMilliseconds, (int)options.AutosaveInterval.TotalSeconds, options.AutosaveChanges));
    }

    [Fact]
    public void WithoutPersistence_NothingIsKept() => Assert.Null(Make("persistence_file x"));

    [Theory]
    [InlineData("persistence_sync", "Error: Empty 'persistence_sync' value in configuration.")]
    [InlineData("persistence_sync sometimes", "Error: Invalid 'persistence_sync' value (sometimes); it is always, interval MILLISECONDS (1 to 3600000) or mosquitto.")]
    [InlineData("persistence_sync interval 0", "Error: Invalid 'persistence_sync' value (interval 0); it is always, interval MILLISECONDS (1 to 3600000) or mosquitto.")]
    [InlineData("persistence_sync always 5", "Error: Invalid 'persistence_sync' value (always 5); it is always, interval MILLISECONDS (1 to 3600000) or mosquitto.")]
    [InlineData("plugin mosquitto_persist_sqlite.so\nplugin_opt_sync some", "Error: Invalid plugin_opt_sync value 'some'; it is extra, full, normal or off.")]
    [InlineData("plugin mosquitto_persist_sqlite.so\nplugin_opt_flush_period x", "Error: Invalid plugin_opt_flush_period value 'x'; it is a number of seconds.")]
    public void WrongValues_AreErrors(string lines, string error) => Assert.Equal(error, HostConfiguration.Parse(lines.Split('\n'), "f").Errors[0]);

    [Theory]
    [InlineData("persistence true\nautosave_interval 60", true)]
    [InlineData("persistence true\nautosave_interval 60\npersistence_sync mosquitto", false)]
    [InlineData("autosave_interval 60", false)]
    public void AutosaveThatHasNoEffect_IsSaid(string lines, bool said)
    {
        var configuration = HostConfiguration.Parse(lines.Split('\n'), "f");
        Assert.Equal(said, configuration.Notices.Any(notice => notice.Type == LogTypes.Information && notice.Text.StartsWith("Note: the autosave options have no effect", StringComparison.Ordinal)));
    }

    private static PersistencePlan? Make(string lines)
    {
        var configuration = HostConfiguration.Parse(lines.Split('\n'), "f");
        Assert.Empty(configuration.Errors);
        return PersistencePlan.Make(configuration);
    }
}
