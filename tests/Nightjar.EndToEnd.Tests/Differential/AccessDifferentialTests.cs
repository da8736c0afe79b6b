using System.Globalization;
using Nightjar.EndToEnd.Tests.Tools;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Differential;

/// <summary>
/// The same configuration, password and ACL files under Mosquitto and under Nightjar: thousands of random attempts to connect, subscribe and publish
/// get the same answers and the same messages.
/// </summary>
public sealed class AccessDifferentialTests
{
    private const int Setups = 20;
    private const int AttemptsPerSetup = 100;
    private const int NotAuthorized = 0x87;
    private const int Refused = 0x80;

    /// <summary>Random files and attempts; <c>NIGHTJAR_TEST_SEED</c> repeats a run.</summary>
    /// <param name="strict">With <c>compat_mode strict</c> there is no difference at all; by default a SUBSCRIBE that can never lead to a message is refused instead of granted.</param>
    [RequiresToolTheory("mosquitto")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Attempts_AtBothBrokers_ComeToTheSame(bool strict)
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("NIGHTJAR_TEST_SEED"), CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next();
        var random = new Random(seed);
        var differences = new List<string>();
        var attempts = 0;
        for (var i = 0; i < Setups; i++)
        {
            using var setup = new AccessSetup(random);
            attempts += await CompareAsync(setup, strict, random, differences);
        }

        Assert.True(attempts >= Setups * AttemptsPerSetup / 2, $"only {attempts} attempts were made");
        Assert.True(differences.Count == 0, $"seed {seed}: {differences.Count} of {attempts} attempts differ\n{string.Join("\n\n", differences.Take(5))}");
    }

    private static async Task<int> CompareAsync(AccessSetup setup, bool strict, Random random, List<string> differences)
    {
        await using var theirs = await BrokerProcess.StartMosquittoAsync(setup.Configuration);
        await using var ours = await BrokerProcess.StartAsync(setup.Configuration + (strict ? "compat_mode strict\n" : ""));
        if (!setup.LetsAnybodyIn)
        {
            // Nobody can watch; that nobody gets in is one comparison.
            await AssertNobodyGetsInAsync(theirs.Port);
            await AssertNobodyGetsInAsync(ours.Port);
            return AttemptsPerSetup;
        }

        await using var theirsObserved = await ObservedBroker.ConnectAsync(theirs.Port, setup);
        await using var oursObserved = await ObservedBroker.ConnectAsync(ours.Port, setup);
        for (var i = 0; i < AttemptsPerSetup; i++)
        {
            var attempt = Attempt.Make(random);
            var their = await theirsObserved.TryAsync(attempt);
            var our = await oursObserved.TryAsync(attempt);
            if (our != their && (strict || !IsDecided(their, our)))
                differences.Add($"{attempt} probes {string.Join(' ', attempt.Probes)}\nMosquitto {their}\nNightjar  {our}\n{setup.Describe()}");
        }

        return AttemptsPerSetup;
    }

    // SUBSCRIBE to a filter that the rules can never let anything through is refused; Mosquitto grants it and delivers nothing.
    private static bool IsDecided(Observation their, Observation our) =>
        our.SubscribeCode is NotAuthorized or Refused && their.Delivered.Length == 0 && our with { SubscribeCode = their.SubscribeCode } == their;

    private static async Task AssertNobodyGetsInAsync(int port)
    {
        using var setup = new AccessSetup(new Random(1));
        await Assert.ThrowsAnyAsync<Exception>(() => ObservedBroker.ConnectAsync(port, setup));
    }
}
