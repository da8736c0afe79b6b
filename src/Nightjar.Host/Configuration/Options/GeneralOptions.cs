using System.Globalization;
using Nightjar.Broker.Configuration;
using Nightjar.Host.Configuration.Parsing;
using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Configuration.Options;

/// <summary>What holds for the broker as a whole, and for its process.</summary>
internal static class GeneralOptions
{
    private static readonly Define<BrokerOptions> Broker =
        new(OptionArea.General, OptionScope.General, (draft, change) => draft.Options = change(draft.Options));

    private static readonly Define<ProcessSection> Process =
        new(OptionArea.General, OptionScope.General, (draft, change) => draft.Process = change(draft.Process));

    private static readonly Define<ConfigurationDraft> Draft =
        new(OptionArea.General, OptionScope.General, (draft, change) => change(draft));

    internal static IEnumerable<ConfigurationOption> All() =>
    [
        Draft.Make("include_dir", OptionKind.Text, null, "Read every file of DIR that ends in .conf, in alphabetical order; in the main file only. May be given several times.", (_, _) => null)
            with { IsStructure = true, Repetition = OptionRepetition.Adds },
        Draft.Words("per_listener_settings", "false", "Whether security options belong to the listener they follow; must stand before them.", PerListenerSettings)
            with { Kind = OptionKind.Boolean, Deprecation = "Please see the documentation for how to achieve the same effect." },
        Process.Text("user", "mosquitto", "User to run as when started as root; mosquitto becomes nobody when there is no such user. Read once.", (process, value) => process with { User = value }, OptionRepetition.Replaces)
            with { IsReloadable = false },
        Process.Text("pid_file", null, "File that holds the process id while the broker runs. Read once.", (process, value) => process with { PidFile = value })
            with { IsReloadable = false },
        Broker.Boolean("allow_duplicate_messages", true, "Whether overlapping subscriptions of a client each get a copy.", (options, value) => options with { AllowDuplicateMessages = value })
            with { Deprecation = "The behaviour will default to true." },
        Broker.Boolean("check_retain_source", true, "Whether a retained message needs a publisher that may still write its topic.", (options, value) => options with { CheckRetainSource = value }),
        Broker.Boolean("queue_qos0_messages", false, "Whether QoS 0 messages are queued for offline durable clients.", (options, value) => options with { QueueQoS0Messages = value }),
        Broker.Boolean("retain_available", true, "Whether retained messages are accepted.", (options, value) => options with { RetainAvailable = value }),
        Draft.Make("retain_expiry_interval", OptionKind.Integer, null, "Minutes between sweeps of expired retained messages; accepted, they are always removed in time.", RetainExpiry)
            with { Range = "1 to 10000000" },
        Broker.Boolean("upgrade_outgoing_qos", false, "Whether messages are delivered with the QoS of the subscription.", (options, value) => options with { UpgradeOutgoingQoS = value }),
        Draft.Boolean("set_tcp_nodelay", true, "Whether TCP_NODELAY is set on connections; Mosquitto has false, but Nightjar coalesces by itself.", (draft, value) =>
        {
            draft.NoDelay = value;
            return draft;
        }),
        Draft.Boolean("event_loops", true, "Whether TCP connections are served by Nightjar's own event loops, on Linux; false, and elsewhere: by the runtime's sockets. Ours.", (draft, value) =>
        {
            draft.EventLoops = value;
            return draft;
        }),
        Broker.Integer("sys_interval", "10", 0, 65_535, "Period of the $SYS topics in seconds; 0: none.",
            (options, value) => options with { SysInterval = TimeSpan.FromSeconds(value) }, value => $"Error: Invalid 'sys_interval' value ({value})."),
        PersistentClientExpiration(),
        Broker.Boolean("enable_control_api", false, "Whether $CONTROL/broker/v1 answers.", (options, value) => options with { EnableControlApi = value }),
        Broker.Choice("compat_mode", "default", "strict: keep Mosquitto's behaviour also where Nightjar decided otherwise. Ours.", new Dictionary<string, Func<BrokerOptions, BrokerOptions>>
        {
            ["default"] = options => options with { StrictCompatibility = false },
            ["strict"] = options => options with { StrictCompatibility = true },
        }),
        Draft.Make("retry_interval", OptionKind.Text, null, "No longer available; ignored with a warning, as Mosquitto does.", (draft, line) =>
        {
            draft.Note(LogTypes.Warning, "Warning: The 'retry_interval' option is no longer available.", line.Place);
            return null;
        }) with { MayBeEmpty = true, Repetition = OptionRepetition.Replaces },
    ];

    private static (ConfigurationDraft? Draft, string? Error) PerListenerSettings(ConfigurationDraft draft, OptionLine line)
    {
        // Once on it stays on: the options before would belong to nobody.
        if (draft.PerListenerSettings) return (draft, null);
        if (OptionValue.Boolean(line.Words[0]) is not { } value) return (null, line.Invalid(line.Words[0]));
        if (value && draft.HasSecurityOption) return (null, "Error: per_listener_settings must be set before any other security settings.");
        draft.PerListenerSettings = value;
        return (draft, null);
    }

    // Expired retained messages are removed in time whatever it says, so there is nothing to keep but the check.
    private static string? RetainExpiry(ConfigurationDraft draft, OptionLine line)
    {
        if (!OptionValue.TryInteger(line.Words[0], out var minutes)) return $"Error: '{line.Name}' value not a number.";
        if (minutes is < int.MinValue or > int.MaxValue) return $"Error: '{line.Name}' value out of range.";
        if (minutes < 1) return "Error: retain_expiry_interval must be >= 1.";
        if (minutes > 10_000_000) draft.Note(LogTypes.Warning, "Warning: retain_expiry_interval being capped at 19 years.", line.Place);
        return null;
    }

    private static ConfigurationOption PersistentClientExpiration() =>
        Broker.Words("persistent_client_expiration", null, "After how long an offline durable client is forgotten: a number and s, h, d, w, m or y.", (options, line) =>
        {
            var text = line.Words[0];
            TimeSpan? unit = text[^1] switch
            {
                's' => TimeSpan.FromSeconds(1),
                'h' => TimeSpan.FromHours(1),
                'd' => TimeSpan.FromDays(1),
                'w' => TimeSpan.FromDays(7),
                'm' => TimeSpan.FromDays(30),
                'y' => TimeSpan.FromDays(365),
                _ => null,
            };
            if (unit is null || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count == 0)
                return (null, "Error: Invalid 'persistent_client_expiration' duration in configuration.");
            var limit = TimeSpan.FromDays(36_500);
            return (options with { PersistentClientExpiration = count > limit / unit.Value ? limit : unit.Value * count }, null);
        });
}
