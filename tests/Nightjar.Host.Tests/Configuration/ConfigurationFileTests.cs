using System.Text;
using Nightjar.Host.Configuration;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Host.Tests.Configuration;

/// <summary>Holds <c>config/nightjar.conf</c> against the table that drives the parser.</summary>
public sealed class ConfigurationFileTests
{
    private static string FilePath => Path.Combine(RepositoryTree.Root, "config", "nightjar.conf");

    [Fact]
    public void NightjarConf_EveryOption_StandsThereAtItsDefault()
    {
        var expected = new StringBuilder();
        foreach (var option in ConfigurationTable.Options.Values)
            expected.Append("# ").Append(option.Summary).Append('\n').Append('#').Append(option.Name).Append(option.Default is null ? "" : " " + option.Default).Append("\n\n");
        var text = File.ReadAllText(FilePath).ReplaceLineEndings("\n");
        var begin = text.IndexOf("\n\n", StringComparison.Ordinal) + 2;
        Assert.Equal(expected.ToString().TrimEnd(), text[begin..].TrimEnd());
    }

    [Fact]
    public void NightjarConf_AllDefaultsUncommented_IsTheDefaultConfiguration()
    {
        var lines = File.ReadAllLines(FilePath).Select(line => line.StartsWith('#') && !line.StartsWith("# ", StringComparison.Ordinal) && line.Contains(' ', StringComparison.Ordinal) ? line[1..] : line);
        // Options of a listener need one.
        var parsed = BrokerConfiguration.Parse(["listener 1883 127.0.0.1", .. lines], FilePath);
        var defaults = BrokerConfiguration.Parse(["listener 1883 127.0.0.1"], FilePath);
        Assert.Empty(parsed.Errors);
        Assert.Equal(defaults.Options with { Listeners = [] }, parsed.Options with { Listeners = [] });
        Assert.Equal(defaults.Options.Listeners[0].ToString(), parsed.Options.Listeners[0].ToString());
    }
}
