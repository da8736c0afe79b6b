using Nightjar.Testing;

namespace Nightjar.Broker.Tests.Persistence;

/// <summary>Waiting for what the store brings on its own threads.</summary>
internal static class PagedQueues
{
    /// <summary>Waits until no connected client has a page under way, or one that came and was not looked at yet, and no session is about to end when others have its messages.</summary>
    internal static Task WaitAsync(MqttBroker broker) =>
        Wait.UntilAsync(() => !broker.Core.Sessions.Table.Any(session => session.AwaitsPage || session.Draining is not null), "pages of the store");
}
