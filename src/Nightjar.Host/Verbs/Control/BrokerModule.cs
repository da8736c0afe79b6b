namespace Nightjar.Host.Verbs.Control;

/// <summary>The commands of <c>$CONTROL/broker/v1</c>.</summary>
internal static class BrokerModule
{
    internal static readonly ControlModule Module = new("broker", "$CONTROL/broker/v1",
    [
        new("listPlugins", "Lists the plugins that are loaded."),
        new("listListeners", "Lists the listeners."),
    ]);
}
