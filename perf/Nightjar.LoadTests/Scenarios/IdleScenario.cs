using System.Globalization;
using Nightjar.Client;
using Nightjar.LoadTests.Measuring;

namespace Nightjar.LoadTests.Scenarios;

/// <summary>Many connections that only stay: how fast they come, what each costs the broker, and whether they are still there at the end.</summary>
internal sealed class IdleScenario : Scenario
{
    internal override string Name => "idle";

    internal override string Summary => "connections (1000) that are opened, 200 at a time, and stay without a word for the duration";

    internal override async Task<ScenarioResult> RunAsync(ScenarioContext context)
    {
        int count = context.Options.Connections ?? 1000;
        await using var clients = new ClientSet(context);
        var target = new WorkTarget(number => ConnectOneAsync(clients, number), int.MaxValue);
        var part = new MeasuredPart(context, target, target);
        long residentBefore = ProcessUsage.Of(context.Options.BrokerProcessId)?.ResidentBytes ?? 0;
        var sampler = new Sampler(target, TimeProvider.System, context.Progress);
        Task ConnectAllAsync() => clients.ForEachAsync(count, _ => target.RunNextAsync());
        await part.MeasureAsync(sampler, ConnectAllAsync, ScenarioContext.IntervalOf(context.Options.Duration)).ConfigureAwait(false);
        await Task.Delay(context.Options.Duration, context.CancellationToken).ConfigureAwait(false);
        int left = clients.CountConnected();
        long? resident = ProcessUsage.Of(context.Options.BrokerProcessId)?.ResidentBytes;
        List<KeyValuePair<string, string>> facts = [new("still connected at the end", left.ToString(CultureInfo.InvariantCulture))];
        if (resident is { } bytes)
        {
            string each = string.Create(CultureInfo.InvariantCulture, $"{(bytes - residentBefore) / 1024.0 / count:0.00} KiB");
            facts.Add(new("broker memory per connection", each));
        }

        string load = string.Create(CultureInfo.InvariantCulture, $"{count} connections, then {context.Options.Duration.TotalSeconds:0.###} s of silence");
        return part.ResultOf(this, load, "TCP connect to CONNACK", [new("version", context.VersionText)]) with
        {
            Unit = "connections",
            Lost = count - left,
            BrokerResidentBytes = resident,
            BrokerBytesPerConnection = resident is { } after ? (double)(after - residentBefore) / count : null,
            ErrorCount = clients.Errors.Count,
            Errors = clients.Errors.Describe(),
            Facts = facts,
        };
    }

    private static async Task<long?> ConnectOneAsync(ClientSet clients, long number)
    {
        MqttClient client = clients.Add();
        long start = MonotonicClock.Now;
        await clients.ConnectAsync(client, clients.OptionsOf($"i{number}")).ConfigureAwait(false);
        return MonotonicClock.Now - start;
    }
}
