using Nightjar.EndToEnd.Tests.Tools;
using Nightjar.Protocol;
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
    private const int NotAuthorized3 = 5;
    private const int NoSubscribers = 0x10;
    private const int Refused = 0x80;
    private const int ClientIdNotValid = 0x85;

    // Who fails again and again from one address is answered ever more slowly otherwise.
    private const string NoDelay = "max_authentication_delay 0\n";

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

        Assert.True(differences.Count == 0, $"seed {seed}: {differences.Count} of {attempts} attempts differ\n{string.Join("\n\n", differences.Take(40))}");
        Assert.True(attempts >= Setups * AttemptsPerSetup / 2, $"seed {seed}: only {attempts} attempts were made");
    }

    private static async Task<int> CompareAsync(AccessSetup setup, bool strict, Random random, List<string> differences)
    {
        await using var theirs = await BrokerProcess.StartMosquittoAsync(setup.Configuration("", out var theirSecond));
        await using var ours = await BrokerProcess.StartAsync(setup.Configuration(strict ? "compat_mode strict\n" : NoDelay, out var ourSecond));
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
            if (our != their && !IsDecided(attempt, their, our, strict, setup.Rules.Any(rules => rules.HasPatterns)))
                differences.Add($"{attempt}\nMosquitto {their}\nNightjar  {our}\n{(differences.Count == 0 ? setup.Describe() : "")}");
        }

        return AttemptsPerSetup;
    }

    // Each rule is a line of section 9 or of config/differences.md.
    private static bool IsDecided(Attempt attempt, Observation their, Observation our, bool strict, bool usesPatterns)
    {
        // SUBSCRIBE to a filter that the rules can never let anything through is refused; Mosquitto grants it and delivers nothing.
        if (!strict && our.SubscribeCode is NotAuthorized or Refused && !their.Delivered.Contains('=', StringComparison.Ordinal)) our = our with { SubscribeCode = their.SubscribeCode };
        // Where every SUBSCRIBE was refused there are no subscribers, and PUBACK says so; Mosquitto counts those that get nothing.
        if (!strict && (their.PublishCode, our.PublishCode) is (0, NoSubscribers) && our.SubscribeCode == their.SubscribeCode && their is { Seen: "", Delivered: "" }) our = our with { PublishCode = 0 };
        // A CONNECT whose will may not be written is refused; Mosquitto drops the will when it is due.
        if (!strict && attempt.Will is not null && our.ConnectCode is NotAuthorized or NotAuthorized3 && their is { ConnectCode: 0, Will: "" }) return true;
        // 2.0 has no reason for a client id that is missing, and says so (0x80); MQTT 5.0 has 0x85.
        if (attempt.ClientId.Length == 0 && (their.ConnectCode, our.ConnectCode) is (Refused, ClientIdNotValid)) return true;
        // 2.0 does not look for subscribers before PUBREL; 2.1 says in PUBREC that there are none.
        if (attempt.TopicQoS == QualityOfService.ExactlyOnce && (their.PublishCode, our.PublishCode) is (0, NoSubscribers)) our = our with { PublishCode = 0 };
        // A name with a slash in it is no single level, so that %u and %c never match it; Mosquitto writes it into the pattern as text.
        if (attempt.HasSlashInName && usesPatterns && IsLess(our, their)) return true;
        return our == their;
    }

    private static bool IsLess(Observation our, Observation their) =>
        Contains(their.Seen, our.Seen) && Contains(their.Delivered, our.Delivered) && Contains(their.Will, our.Will);

    private static bool Contains(string all, string some)
    {
        var left = all.Split(' ').ToList();
        return some.Length == 0 || some.Split(' ').All(left.Remove);
    }
}
