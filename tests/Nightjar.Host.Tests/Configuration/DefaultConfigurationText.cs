using System.Text;
using Nightjar.Host.Configuration.Options;

namespace Nightjar.Host.Tests.Configuration;

/// <summary>What <c>config/nightjar.conf</c> has to say, made from the table.</summary>
internal static class DefaultConfigurationText
{
    private const string Head = """
        # Nightjar's configuration: every option at its default, in the syntax of mosquitto.conf.
        # A line is an option and its value; a # at the beginning of a line makes it a comment.
        # Without any listener line Nightjar listens on port 1883 of this machine only and lets everybody in.
        # ${NAME} in a value is the environment variable of that name ($${ is a plain ${). A value file:PATH of a password or key is the first
        # line of that file. "Ours" marks options that Mosquitto does not have.

        """;

    internal static string Render()
    {
        var text = new StringBuilder(Head);
        foreach (var chapter in OptionTable.All.GroupBy(option => (option.Area, option.Scope)).OrderBy(group => group.Key.Area).ThenBy(group => group.Key.Scope))
        {
            text.Append("\n# === ").Append(Title(chapter.Key.Area)).Append(": ").Append(Where(chapter.Key.Scope)).Append(" ===\n");
            foreach (var option in chapter)
            {
                text.Append("\n# ").Append(option.Summary);
                if (option.Deprecation is not null) text.Append(" Deprecated.");
                text.Append("\n#").Append(option.Name.Replace("*", "KEY", StringComparison.Ordinal)).Append(option.Default is null ? "" : " " + option.Default).Append('\n');
            }
        }

        return text.ToString().ReplaceLineEndings("\n");
    }

    private static string Title(OptionArea area) => area switch
    {
        OptionArea.ListenerTls => "TLS of listeners",
        OptionArea.BridgeTls => "TLS of bridges",
        _ => area.ToString(),
    };

    private static string Where(OptionScope scope) => scope switch
    {
        OptionScope.General => "anywhere, for the whole broker",
        OptionScope.PerListener => "for all listeners; with per_listener_settings true after the listener they are for",
        OptionScope.Listener => "after a listener",
        OptionScope.ListenerOrDefault => "after a listener, or before the first for the default listener",
        OptionScope.NamedListener => "after a listener line",
        OptionScope.Bridge => "after a connection line",
        OptionScope.Plugin => "after a plugin",
        _ => throw new ArgumentOutOfRangeException(nameof(scope)),
    };
}
