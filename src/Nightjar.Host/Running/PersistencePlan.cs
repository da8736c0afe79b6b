using System.Globalization;
using Nightjar.Host.Configuration;
using Nightjar.Host.Configuration.Sections;
using Nightjar.Storage.Sqlite;

namespace Nightjar.Host.Running;

/// <summary>Where and how state is kept: what the persistence options, or those of the plugin that stands for them, come to.</summary>
/// <param name="Options">For the store.</param>
/// <param name="MosquittoFile">The file of Mosquitto that the configuration names, which Nightjar's own lies beside; null when it names none.</param>
internal sealed record PersistencePlan(SqliteStoreOptions Options, string? MosquittoFile)
{
    // Bytes that every file of SQLite begins with.
    private static ReadOnlySpan<byte> SqliteHeader => "SQLite format 3\0"u8;

    /// <summary>Makes the plan.</summary>
    /// <returns>Null when nothing is to be kept.</returns>
    internal static PersistencePlan? Make(HostConfiguration configuration)
    {
        var section = configuration.Persistence;
        var plugin = configuration.Plugins.FirstOrDefault(plugin => plugin.Kind == PluginKind.PersistSqlite);
        if (plugin is not null) return Make(configuration, plugin);
        return section.IsOn ? Make(Path.Combine(section.Location ?? "", section.File), section) : null;
    }

    /// <summary>What is wrong with the place of the file, in words for the administrator; null when the store may be opened. Changes nothing.</summary>
    internal string? Check()
    {
        var path = Path.GetFullPath(Options.Path);
        if (!Directory.Exists(Path.GetDirectoryName(path))) return $"Error: The directory of {path} is not there. Make it, or set persistence_location to one that is.";
        if (Directory.Exists(path)) return $"Error: {path} is a directory. Name a file as persistence_file.";
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            Span<byte> start = stackalloc byte[16];
            var length = RandomAccess.Read(file, start, 0);
            if (length == 0 || start[..length].SequenceEqual(SqliteHeader)) return null;
            return $"Error: {path} is not a store of Nightjar and is left alone. Name another persistence_file; a file of Mosquitto is taken over with 'nightjar store import'.";
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"Error: {path} cannot be read: {exception.Message}";
        }
    }

    /// <summary>What Mosquitto left and nobody has taken over yet, for the log; null for nothing.</summary>
    internal string? Unread() => MosquittoFile is not null && File.Exists(MosquittoFile) && !File.Exists(Options.Path)
        ? $"Warning: {MosquittoFile} was kept by Mosquitto and is not read. To take it over, stop this broker and run: nightjar store import {MosquittoFile} {Options.Path} --replace"
        : null;

    private static PersistencePlan Make(HostConfiguration configuration, PluginSection plugin)
    {
        var section = configuration.Persistence;
        var path = plugin.Options.GetValueOrDefault("db_file") ?? Path.Combine(section.Location ?? "", "mosquitto.sqlite3");
        // Checked when the configuration was read.
        var period = plugin.Options.TryGetValue("flush_period", out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : 5;
        if (!configuration.Settings.ContainsKey("persistence_sync") && plugin.Options.TryGetValue("sync", out var sync))
        {
            section = section with
            {
                Sync = sync switch
                {
                    "normal" => PersistenceSync.Interval,
                    "off" => PersistenceSync.Mosquitto,
                    _ => PersistenceSync.Always,
                },
                SyncInterval = TimeSpan.FromSeconds(Math.Max(1, period)),
                AutosaveInterval = Math.Max(1, period),
            };
        }

        return Make(path, section);
    }

    private static PersistencePlan Make(string path, PersistenceSection section)
    {
        var isMosquittos = Path.GetFileName(path) is "mosquitto.db" or "mosquitto.sqlite3";
        var own = isMosquittos ? Path.Combine(Path.GetDirectoryName(path) ?? "", "nightjar.db") : path;
        var byChanges = section.AutosaveOnChanges;
        var options = new SqliteStoreOptions
        {
            Path = own,
            Sync = section.Sync switch
            {
                PersistenceSync.Interval => SqliteSync.Interval,
                PersistenceSync.Mosquitto => SqliteSync.Autosave,
                _ => SqliteSync.Always,
            },
            SyncInterval = section.SyncInterval,
            AutosaveInterval = byChanges ? TimeSpan.Zero : TimeSpan.FromSeconds(section.AutosaveInterval),
            AutosaveChanges = byChanges ? section.AutosaveInterval : 0,
            Recover = section.Recover,
        };
        return new PersistencePlan(options, isMosquittos ? path : null);
    }
}
