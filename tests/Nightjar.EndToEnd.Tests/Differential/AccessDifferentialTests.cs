using Nightjar.EndToEnd.Tests.Tools;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Differential;

/// <summary>
/// The same configuration, password and ACL files under Mosquitto and under Nightjar: thousands of random attempts to connect, subscribe, publish
/// and leave a will get the same answers and the same messages.
/// </summary>
public sealed class AccessDifferentialTests
{
    private const int Setups = 20;
    private const int AttemptsPerSetup = 100;
    private const int NotAuthorized = 0x87;
    private const int Refused = 0x80;

    /// <summary>Random files and attempts; <c>NIGHTJAR_TEST_SEED</c> repeats a run.</summary>
    /// <param name="strict">With <c>compat_mode strict</c> there is no difference but those of <c>config/differences.md</c>; by default a SUBSCRIBE that can never lead to a message is refused instead of granted.</param>
    [RequiresToolTheory("mosquitto")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Attempts_AtBothBrokers_ComeToTheSame(bool strict)
    {
        var seed = TestSeed.Next();
        var random = new Random(seed);
        var differences = new List<string>();
        var attempts = 0;
        for (var i = 0; i < Setups; i++)
        {
            using var setup = new AccessSetup(random);
            attempts += await CompareAsync(setup, strict, random, differences);
        }

        Assert.True(differences.Count == 0, $"seed {seed}: {differences.Count} of {attempts} attempts differ\n{string.Join("\n\n", differences.Take(5))}");
        Assert.True(attempts >= Setups * AttemptsPerSetup / 2, $"seed {seed}: only {attempts} attempts were made");
    }

    private static async Task<int> CompareAsync(AccessSetup setup, bool strict, Random random, List<string> differences)
    {
        await using var theirs = await BrokerProcess.StartMosquittoAsync(setup.Configuration(false, out var theirSecond));
        await using var ours = await BrokerProcess.StartAsync(setup.Configuration(strict, out var ourSecond));
        if (!setup.Rules[0].LetsAnybodyIn)
        {
            Assert.True(await ObservedBroker.KeepsEverybodyOutAsync(theirs.Port));
            Assert.True(await ObservedBroker.KeepsEverybodyOutAsync(ours.Port));
        }

        if (!setup.CanBeWatched) return 0;
        await using var theirsObserved = await ObservedBroker.ConnectAsync(theirSecond == 0 ? [theirs.Port] : [theirs.Port, theirSecond], setup);
        await using var oursObserved = await ObservedBroker.ConnectAsync(ourSecond == 0 ? [ours.Port] : [ours.Port, ourSecond], setup);
        for (var i = 0; i < AttemptsPerSetup; i++)
        {
            var attempt = Attempt.Make(random);
            var their = await theirsObserved.TryAsync(attempt);
            var our = await oursObserved.TryAsync(attempt, their.Will);
            if (our != their && !IsDecided(attempt, their, our, strict))
                differences.Add($"{attempt}\nMosquitto {their}\nNightjar  {our}\n{setup.Describe()}");
        }

        return AttemptsPerSetup;
    }

    // Each rule is a line of section 9 or of config/differences.md.
    private static bool IsDecided(Attempt attempt, Observation their, Observation our, bool strict)
    {
        // SUBSCRIBE to a filter that the rules can never let anything through is refused; Mosquitto grants it and delivers nothing.
        if (!strict && our.SubscribeCode is NotAuthorized or Refused && their.Delivered.Length == 0) our = our with { SubscribeCode = their.SubscribeCode };
        return our == their;
    }
}
