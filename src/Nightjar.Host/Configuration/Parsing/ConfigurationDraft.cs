using System.Collections.Immutable;
using Nightjar.Broker.Configuration;
using Nightjar.Host.Configuration.Options;
using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Configuration.Parsing;

/// <summary>A configuration while its files are read: sections so far, and which of them the next line belongs to.</summary>
internal sealed class ConfigurationDraft
{
    private const int None = -1;
    private int _listener = None;
    private int _bridge = None;
    private int _plugin = None;

    internal BrokerOptions Options { get; set; } = new() { AllowAnonymous = false };

    internal bool NoDelay { get; set; } = true;

    internal bool EventLoops { get; set; } = true;

    internal SecuritySection Security { get; set; } = new();

    internal List<ListenerSection> Listeners { get; } = [];

    internal List<BridgeSection> Bridges { get; } = [];

    internal List<PluginSection> Plugins { get; } = [];

    internal PersistenceSection Persistence { get; set; } = new();

    internal ProcessSection Process { get; set; } = new();

    internal LogSection Log { get; set; } = new();

    /// <summary>Whether log_dest, log_type was given: the first one drops the default.</summary>
    internal bool HasLogDestination { get; set; }

    internal bool HasLogType { get; set; }

    internal bool PerListenerSettings { get; set; }

    /// <summary>Whether no listener, port or bind_address was given.</summary>
    internal bool IsLocalOnly { get; set; } = true;

    /// <summary>Whether a security option was given, after which per_listener_settings may not change any more.</summary>
    internal bool HasSecurityOption { get; private set; }

    internal ImmutableDictionary<string, string> Settings { get; private set; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Lines for the log: deprecations, corrections, what has no effect.</summary>
    internal List<ConfigurationNotice> Notices { get; } = [];

    /// <summary>Sections with a wrong line: what they then lack is no news.</summary>
    internal HashSet<SourcePlace> FailedSections { get; } = [];

    internal bool HasListener => _listener != None;

    internal bool HasNamedListener => HasListener && !Listeners[_listener].IsDefault;

    internal bool HasBridge => _bridge != None;

    internal bool HasPlugin => _plugin != None;

    internal ListenerSection Listener => Listeners[_listener];

    internal BridgeSection Bridge => Bridges[_bridge];

    internal PluginSection Plugin => Plugins[_plugin];

    internal bool HasDefaultListener => Listeners.Exists(listener => listener.IsDefault);

    /// <summary>Begins a file: nothing of another file is in reach.</summary>
    /// <returns>What <see cref="EndFile"/> takes to go back to.</returns>
    internal (int Listener, int Bridge, int Plugin) BeginFile()
    {
        var before = (_listener, _bridge, _plugin);
        (_listener, _bridge, _plugin) = (None, None, None);
        return before;
    }

    internal void EndFile((int Listener, int Bridge, int Plugin) before) => (_listener, _bridge, _plugin) = before;

    internal void AddListener(ListenerSection listener)
    {
        Listeners.Add(listener);
        _listener = Listeners.Count - 1;
    }

    /// <summary>Makes the default listener the current one, and makes it first where there is none.</summary>
    internal void UseDefaultListener(SourcePlace place)
    {
        _listener = Listeners.FindIndex(listener => listener.IsDefault);
        if (_listener == None) AddListener(new ListenerSection { Port = 1883, IsDefault = true, Place = place });
    }

    internal void AddBridge(BridgeSection bridge)
    {
        Bridges.Add(bridge);
        _bridge = Bridges.Count - 1;
    }

    internal void AddPlugin(PluginSection plugin)
    {
        Plugins.Add(plugin);
        _plugin = Plugins.Count - 1;
    }

    /// <summary>Makes a plugin that plugin_load named the current one.</summary>
    internal bool TryUsePlugin(string name)
    {
        var found = Plugins.FindIndex(plugin => plugin.Name == name);
        if (found != None) _plugin = found;
        return found != None;
    }

    /// <summary>Has the current plugin asked where <paramref name="change"/> says.</summary>
    internal void AttachPlugin(bool global)
    {
        if (global) Security = Security with { Plugins = Security.Plugins.Add(_plugin) };
        else ChangeSecurity(security => security with { Plugins = security.Plugins.Add(_plugin) });
    }

    internal void AttachPluginToListener() =>
        ChangeListener(listener => listener with { Security = listener.Security with { Plugins = listener.Security.Plugins.Add(_plugin) } });

    internal void ChangeListener(Func<ListenerSection, ListenerSection> change) => Listeners[_listener] = change(Listeners[_listener]);

    internal void ChangeBridge(Func<BridgeSection, BridgeSection> change) => Bridges[_bridge] = change(Bridges[_bridge]);

    internal void ChangePlugin(Func<PluginSection, PluginSection> change) => Plugins[_plugin] = change(Plugins[_plugin]);

    /// <summary>Changes the rules of the current listener with per_listener_settings, else those of all.</summary>
    internal void ChangeSecurity(Func<SecuritySection, SecuritySection> change)
    {
        HasSecurityOption = true;
        if (PerListenerSettings) ChangeListener(listener => listener with { Security = change(listener.Security) });
        else Security = change(Security);
    }

    /// <summary>Whether the option was given before in the section it now means.</summary>
    internal bool WasGiven(ConfigurationOption option) => !option.IsStructure && option.Scope != OptionScope.Plugin && SettingsOf(option).ContainsKey(option.CanonicalName);

    /// <summary>Remembers what was given, for the comparison at a reload.</summary>
    internal void Remember(ConfigurationOption option, string value)
    {
        if (option.IsStructure || option.Scope == OptionScope.Plugin) return;
        var settings = SettingsOf(option);
        if (option.Repetition == OptionRepetition.Adds && settings.TryGetValue(option.CanonicalName, out var before)) value = $"{before}, {value}";
        settings = settings.SetItem(option.CanonicalName, value);
        if (BelongsToListener(option)) ChangeListener(listener => listener with { Settings = settings });
        else if (option.Scope == OptionScope.Bridge) ChangeBridge(bridge => bridge with { Settings = settings });
        else Settings = settings;
    }

    /// <summary>Remembers that a line of an option's section is wrong.</summary>
    internal void Fail(ConfigurationOption option)
    {
        if (option.Scope == OptionScope.Bridge && HasBridge) FailedSections.Add(Bridge.Place);
        if (option.Scope == OptionScope.Plugin && HasPlugin) FailedSections.Add(Plugin.Place);
        if (option.Scope is OptionScope.Listener or OptionScope.ListenerOrDefault or OptionScope.NamedListener && HasListener) FailedSections.Add(Listener.Place);
    }

    internal void Note(LogTypes type, string text, SourcePlace place) => Notices.Add(new ConfigurationNotice(type, text, place));

    private ImmutableDictionary<string, string> SettingsOf(ConfigurationOption option) =>
        BelongsToListener(option) ? Listener.Settings : option.Scope == OptionScope.Bridge ? Bridge.Settings : Settings;

    private bool BelongsToListener(ConfigurationOption option) =>
        option.Scope is OptionScope.Listener or OptionScope.ListenerOrDefault or OptionScope.NamedListener || (option.Scope == OptionScope.PerListener && PerListenerSettings);
}
