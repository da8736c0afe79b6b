using Nightjar.Host.Configuration;
using Nightjar.Host.Configuration.Options;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Host.Tests.Configuration;

/// <summary>Holds <c>config/nightjar.conf</c> against the table that drives the parser. Written anew with UPDATE_NIGHTJAR_CONF=1.</summary>
public sealed class ConfigurationFileTests
{
    // What options of a section need before them.
    private static readonly string[] Sections = ["plugin mosquitto_persist_sqlite.so", "listener 1883 127.0.0.1", "connection a", "address 127.0.0.1", "topic a"];

    private static string FilePath => Path.Combine(RepositoryTree.Root, "config", "nightjar.conf");

    [Fact]
    public void NightjarConf_EveryOption_StandsThereWithDefaultSummaryAndScope()
    {
        var expected = DefaultConfigurationText.Render();
        if (Environment.GetEnvironmentVariable("UPDATE_NIGHTJAR_CONF") == "1") File.WriteAllText(FilePath, expected);
        Assert.Equal(expected, File.ReadAllText(FilePath).ReplaceLineEndings("\n"));
    }

    [Fact]
    public void NightjarConf_EveryOption_StandsThereOnce()
    {
        var names = File.ReadAllLines(FilePath).Where(line => line.StartsWith('#') && !line.StartsWith("# ", StringComparison.Ordinal)).Select(line => line[1..].Split(' ')[0]).ToList();
        Assert.Equal(names.Distinct(), names);
        Assert.Equal(OptionTable.All.Select(option => option.Name.Replace("*", "KEY", StringComparison.Ordinal)).Order(StringComparer.Ordinal), names.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void NightjarConf_AllDefaultsUncommented_IsTheDefaultConfiguration()
    {
        var given = File.ReadAllLines(FilePath).Where(line => line.StartsWith('#') && !line.StartsWith("# ", StringComparison.Ordinal) && line.Contains(' ', StringComparison.Ordinal)).Select(line => line[1..]).ToList();
        Assert.True(given.Count > 60, $"Only {given.Count} defaults were found.");
        var parsed = HostConfiguration.Parse([.. Sections, .. given], FilePath);
        var defaults = HostConfiguration.Parse(Sections, FilePath);
        Assert.Empty(parsed.Errors);
        Assert.Equal(defaults.Options with { Listeners = [] }, parsed.Options with { Listeners = [] });
        Assert.Equal(defaults.NoDelay, parsed.NoDelay);
        Assert.Equal(defaults.Log, parsed.Log);
        Assert.Equal(defaults.Persistence, parsed.Persistence);
        Assert.Empty(parsed.ChangesFrom(defaults));

        // What was given is kept beside the values, and is compared above.
        var listener = parsed.Listeners[0] with { Settings = defaults.Listeners[0].Settings, Place = defaults.Listeners[0].Place };
        Assert.Equal(defaults.Listeners[0].Tls with { Version = "tlsv1.2" }, listener.Tls);
        Assert.Equal(defaults.Listeners[0].Options.AcceptedVersions, listener.Options.AcceptedVersions);
        Assert.Equal(defaults.Listeners[0].Options with { AcceptedVersions = listener.Options.AcceptedVersions }, listener.Options);
        var expected = defaults.Bridges[0];
        var bridge = parsed.Bridges[0];
        Assert.Equal(expected.Tls with { Version = "tlsv1.2" }, bridge.Tls);
        Assert.Equal(expected, bridge with { Settings = expected.Settings, Place = expected.Place, Tls = expected.Tls, Addresses = expected.Addresses, Topics = expected.Topics });
    }
}
