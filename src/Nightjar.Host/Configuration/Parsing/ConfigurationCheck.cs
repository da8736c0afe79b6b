using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Configuration.Parsing;

/// <summary>What can be said about a configuration only when all of it was read.</summary>
/// <param name="draft">Everything that was read.</param>
/// <param name="errors">Takes what is wrong, each followed by the line of the section it is about.</param>
internal sealed class ConfigurationCheck(ConfigurationDraft draft, List<string> errors)
{
    // Options of how Mosquitto is built inside; accepted, so that files need not change, and said, so that nobody relies on them.
    private static readonly (string Name, string Why)[] s_withoutEffect =
    [
        ("packet_buffer_size", "buffers size themselves"),
        ("websockets_log_level", "there is no libwebsockets here"),
        ("retain_expiry_interval", "expired retained messages are removed every minute"),
    ];

    internal void Run()
    {
        foreach (var (name, why) in s_withoutEffect)
        {
            if (draft.Settings.ContainsKey(name)) draft.Note(LogTypes.Information, $"Note: '{name}' has no effect: {why}.", default);
        }

        if (draft.Persistence is { IsOn: true, Sync: not PersistenceSync.Mosquitto } && (draft.Settings.ContainsKey("autosave_interval") || draft.Settings.ContainsKey("autosave_on_changes")))
            draft.Note(LogTypes.Information, "Note: the autosave options have no effect: what is acknowledged is kept by then (persistence_sync).", default);
        foreach (var plugin in draft.Plugins) Plugin(plugin);
        if (draft.Persistence.IsOn && draft.Plugins.Find(plugin => plugin.Kind == PluginKind.PersistSqlite) is { } store)
            Add("Error: 'persistence true' cannot be combined with a persistence plugin.", store.Place);
        foreach (var listener in draft.Listeners) Listener(listener);
        foreach (var twin in draft.Listeners.GroupBy(listener => listener.Key).Where(group => group.Count() > 1).Select(group => group.Last()))
            Add($"Error: Listener {twin.Key} is defined twice.", twin.Place);
        foreach (var bridge in draft.Bridges) Bridge(bridge);
        foreach (var twin in draft.Bridges.GroupBy(bridge => bridge.EffectiveLocalClientId).Where(group => group.Count() > 1).Select(group => group.Last()))
            Add($"Error: Bridge local_clientid '{twin.EffectiveLocalClientId}' is not unique. Try changing or setting the local_clientid value for one of the bridges.", twin.Place);
    }

    private void Plugin(PluginSection plugin)
    {
        var isWhole = !draft.FailedSections.Contains(plugin.Place);
        switch (plugin.Kind)
        {
            case PluginKind.Unknown:
                Add($"Error: Unable to load plugin '{plugin.Path}': native plugins cannot be loaded, and leaving one out could let in what it refuses. "
                    + "Remove the line and use password_file and acl_file, or one of the plugins of Mosquitto: password_file, acl_file, dynamic_security, persist_sqlite, sparkplug_aware.", plugin.Place);
                break;
            case PluginKind.PasswordFile when isWhole && !plugin.Options.ContainsKey("password_file"):
                Add($"Error: Plugin '{plugin.Path}' needs plugin_opt_password_file.", plugin.Place);
                break;
            case PluginKind.AclFile when isWhole && !plugin.Options.ContainsKey("acl_file"):
                Add($"Error: Plugin '{plugin.Path}' needs plugin_opt_acl_file.", plugin.Place);
                break;
            case PluginKind.DynamicSecurity when isWhole && !plugin.Options.ContainsKey("config_file"):
                Add($"Error: Plugin '{plugin.Path}' needs plugin_opt_config_file.", plugin.Place);
                break;
            case PluginKind.PersistSqlite when isWhole:
                StorePlugin(plugin);
                break;
        }
    }

    private void StorePlugin(PluginSection plugin)
    {
        if (plugin.Options.TryGetValue("sync", out var sync) && sync is not ("extra" or "full" or "normal" or "off"))
            Add($"Error: Invalid plugin_opt_sync value '{sync}'; it is extra, full, normal or off.", plugin.Place);
        if (plugin.Options.TryGetValue("flush_period", out var period) && !int.TryParse(period, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out _))
            Add($"Error: Invalid plugin_opt_flush_period value '{period}'; it is a number of seconds.", plugin.Place);
        if (plugin.Options.ContainsKey("page_size")) draft.Note(LogTypes.Information, "Note: plugin_opt_page_size has no effect: the file has pages of one size.", default);
    }

    private void Listener(ListenerSection listener)
    {
        if (draft.FailedSections.Contains(listener.Place)) return;
        var tls = listener.Tls;
        if (tls.HasCertificate != (tls.KeyFile is not null)) Add("Error: Both certfile and keyfile must be provided to enable a TLS listener.", listener.Place);
        if (tls.CaFile is not null && !tls.HasCertificate) Add("Error: cafile specified without certfile and keyfile.", listener.Place);
        if (tls.CaPath is not null && !tls.HasCertificate) Add("Error: capath specified without certfile and keyfile.", listener.Place);
        if (tls.HasCertificate && tls.HasPsk) Add("Error: Cannot use both certificate and psk encryption in a single listener.", listener.Place);
        if (tls.RequireCertificate && !tls.HasCertificate) Warn(listener, "require_certificate has no effect without certfile and keyfile");
        if (tls.CrlFile is not null && !tls.RequireCertificate) Warn(listener, "crlfile has no effect without require_certificate");
        if (listener.UseIdentityAsUserName && !tls.IsOn) Warn(listener, "use_identity_as_username has no effect without TLS");
        if (listener.UseSubjectAsUserName && !tls.HasCertificate) Warn(listener, "use_subject_as_username has no effect without certfile and keyfile");
        if (tls.Version == "tlsv1.1") Warn(listener, "tls_version tlsv1.1 means tlsv1.2: older versions are not safe and not offered");
        if (tls.EngineKeyPasswordSha1 is not null) Warn(listener, "tls_engine_kpass_sha1 has no effect: a key of an engine is opened without a password");
        if (listener.ProxyProtocol != 2) return;
        if (listener.UseSubjectAsUserName) Add("Error: use_subject_as_username cannot be used with `enable_proxy_protocol 2`.", listener.Place);
        if (tls.HasCertificate || tls.KeyFile is not null) Add("Error: certfile and keyfile cannot be used with `enable_proxy_protocol 2`.", listener.Place);
    }

    private void Bridge(BridgeSection bridge)
    {
        if (draft.FailedSections.Contains(bridge.Place)) return;
        if (bridge.Addresses.IsEmpty) Add("Error: Invalid bridge configuration: no remote addresses defined.", bridge.Place);
        if (bridge.Topics.IsEmpty) Add("Error: Invalid bridge configuration: no topics defined.", bridge.Place);
        var tls = bridge.Tls;
        if (tls.HasCertificateOptions && tls.HasPskOptions) Add("Error: Cannot use both certificate and psk encryption in a single bridge.", bridge.Place);
        else if (tls.Psk is not null && tls.Identity is null) Add("Error: Invalid bridge configuration: missing bridge_identity.", bridge.Place);
        else if (tls.Psk is null && tls.Identity is not null) Add("Error: Invalid bridge configuration: missing bridge_psk.", bridge.Place);
        if ((tls.CertFile is null) != (tls.KeyFile is null)) Add("Error: Both bridge_certfile and bridge_keyfile must be provided.", bridge.Place);
    }

    // Mosquitto starts without a word here, so it is no error.
    private void Warn(ListenerSection listener, string text) =>
        draft.Note(LogTypes.Warning, $"Warning: {text} (listener {listener.Key}, {listener.Place}).", listener.Place);

    private void Add(string error, SourcePlace place)
    {
        errors.Add(error);
        errors.Add($"Error found at {place}.");
    }
}
