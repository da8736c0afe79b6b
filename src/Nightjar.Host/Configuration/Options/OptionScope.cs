namespace Nightjar.Host.Configuration.Options;

/// <summary>Where an option may stand and what it then belongs to.</summary>
internal enum OptionScope : byte
{
    /// <summary>Anywhere; holds for the broker.</summary>
    General,

    /// <summary>Anywhere, for all listeners; with per_listener_settings true only after a listener, and for that one.</summary>
    PerListener,

    /// <summary>After a listener.</summary>
    Listener,

    /// <summary>After a listener; before the first one it makes the default listener.</summary>
    ListenerOrDefault,

    /// <summary>After a <c>listener</c> line; the default listener does not do.</summary>
    NamedListener,

    /// <summary>After a connection line.</summary>
    Bridge,

    /// <summary>After a plugin.</summary>
    Plugin,
}
