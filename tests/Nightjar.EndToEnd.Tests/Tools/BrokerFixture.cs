using Xunit;

namespace Nightjar.EndToEnd.Tests.Tools;

/// <summary>One broker for the tests of a class, which keep apart by names of their own; its clean end is checked after the last.</summary>
public class BrokerFixture : IAsyncLifetime
{
    private BrokerProcess? _broker;

    internal BrokerProcess Broker => _broker ?? throw new InvalidOperationException("The broker is not started.");

    /// <summary>Lines of the configuration after the listener's.</summary>
    protected virtual string Configuration => "allow_anonymous true\n";

    public async Task InitializeAsync() => _broker = await BrokerProcess.StartAsync(Configuration);

    public async Task DisposeAsync()
    {
        if (_broker is null) return;
        await using (_broker) await _broker.StopAsync();
    }
}
