namespace Nightjar.Host.Configuration.Options;

/// <summary>Chapters of the configuration, in the order of <c>config/nightjar.conf</c>.</summary>
internal enum OptionArea : byte
{
    General,
    Limits,
    Persistence,
    Logging,
    Security,
    Plugins,
    Listeners,
    ListenerTls,
    Bridges,
    BridgeTls,
}
