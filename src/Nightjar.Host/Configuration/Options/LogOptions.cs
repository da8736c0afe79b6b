using Nightjar.Broker.Configuration;
using Nightjar.Host.Configuration.Parsing;
using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Configuration.Options;

/// <summary>What is logged and where to.</summary>
internal static class LogOptions
{
    private static readonly Define<LogSection> Log =
        new(OptionArea.Logging, OptionScope.General, (draft, change) => draft.Log = change(draft.Log));

    internal static IEnumerable<ConfigurationOption> All() =>
    [
        Log.Make("log_dest", OptionKind.Words, "stderr", "Where log lines go: stdout, stderr, syslog, topic, file PATH or none. May be given several times.", Destination)
            with { Repetition = OptionRepetition.Adds, Range = "stdout | stderr | syslog | topic | file PATH | none" },
        Log.Make("log_type", OptionKind.Choice, null, "Which lines are logged: error, warning, notice, information (these by default), debug, subscribe, unsubscribe, websockets, internal, none, all. May be given several times.", Type)
            with { Repetition = OptionRepetition.Adds },
        new Define<BrokerOptions>(OptionArea.Logging, OptionScope.General, (draft, change) => draft.Options = change(draft.Options))
            .Boolean("connection_messages", true, "Whether connects and disconnects are logged.", (options, value) => options with { ConnectionMessages = value }),
        Log.Boolean("log_timestamp", true, "Whether lines begin with the time.", (log, value) => log with { Timestamp = value }),
        Log.Text("log_timestamp_format", null, "Format of the time, as for strftime(3); without it seconds since 1970.", (log, value) => log with { TimestampFormat = value }),
        Log.Choice("log_format", "text", "text: Mosquitto's lines; json: one JSON object a line. Ours.", new Dictionary<string, Func<LogSection, LogSection>>
        {
            ["text"] = log => log with { Json = false },
            ["json"] = log => log with { Json = true },
        }),
        Log.Integer("log_facility", null, 0, 7, "Facility local0 to local7 for log_dest syslog; without it daemon.", (log, value) => log with { Facility = 16 + (int)value }, value => $"Error: Invalid 'log_facility' value ({value})."),
        Log.Integer("websockets_log_level", "0", int.MinValue, int.MaxValue, "Log level of libwebsockets; accepted, there is no such library here.", (log, _) => log),
    ];

    private static string? Destination(ConfigurationDraft draft, OptionLine line)
    {
        var log = draft.HasLogDestination ? draft.Log : draft.Log with { Destinations = LogDestinations.None };
        LogDestinations? destination = line.Words[0] switch
        {
            "stdout" => LogDestinations.Stdout,
            "stderr" => LogDestinations.Stderr,
            "syslog" => LogDestinations.Syslog,
            "topic" => LogDestinations.Topic,
            "file" => LogDestinations.File,
            "none" or "dlt" or "android" => LogDestinations.None,
            _ => null,
        };
        if (destination is null) return line.Invalid(line.Words[0]);
        if (line.Words[0] is "dlt" or "android") draft.Note(LogTypes.Warning, $"Warning: 'log_dest {line.Words[0]}' is not available here; nothing is logged there. Use stdout, stderr, syslog, topic or file.", line.Place);
        if (destination == LogDestinations.File)
        {
            var path = line.Value["file".Length..].Trim();
            if (log.File is not null) return "Error: Duplicate \"log_dest file\" value.";
            if (path.Length == 0) return "Error: Empty \"log_dest file\" value in configuration.";
            if (!OptionValue.IsProperText(path)) return "Error: Malformed UTF-8 in configuration.";
            log = log with { File = path };
        }

        draft.HasLogDestination = true;
        draft.Log = log with { Destinations = line.Words[0] == "none" ? LogDestinations.None : log.Destinations | destination.Value };
        return null;
    }

    private static string? Type(ConfigurationDraft draft, OptionLine line)
    {
        var types = draft.HasLogType ? draft.Log.Types : LogTypes.None;
        LogTypes? type = line.Words[0] switch
        {
            "error" => LogTypes.Error,
            "warning" => LogTypes.Warning,
            "notice" => LogTypes.Notice,
            "information" => LogTypes.Information,
            "debug" => LogTypes.Debug,
            "subscribe" => LogTypes.Subscribe,
            "unsubscribe" => LogTypes.Unsubscribe,
            "websockets" => LogTypes.WebSockets,
            "internal" => LogTypes.Internal,
            "none" => LogTypes.None,
            "all" => LogTypes.All,
            _ => null,
        };
        if (type is null) return line.Invalid(line.Words[0]);
        draft.HasLogType = true;
        draft.Log = draft.Log with { Types = line.Words[0] == "none" ? LogTypes.None : types | type.Value };
        return null;
    }
}
