using System.Text;
using Nightjar.Broker.Connections;
using Nightjar.Broker.Routing;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.AccessLists;
using Nightjar.Broker.Subscriptions;
using Nightjar.Broker.Tests.Limits;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Routing;

/// <summary>A grant that the route remembers is for those who have the list it came from, as long as the rules hold: each by name, through a broker and through the memory alone.</summary>
public sealed class SharedGrantTests
{
    private const ProtocolVersion V5 = ProtocolVersion.Mqtt50;

    // What everybody may write to, and no one may.
    private static readonly string[] s_topics = ["common", "x/1", "y/1", "z/1", "x/secret", "p/ann/1", "p/bob/1", "other"];

    private static readonly string[] s_before =
    [
        "topic read #", "topic write common", "topic write z/#",
        "user ann", "topic write common", "topic write x/#",
        "user bob", "topic write common", "topic write y/#",
        "user cat", "topic write common", "topic write x/#", "topic deny x/secret",
        "pattern write p/%u/#",
    ];

    // Ann loses x to bob, and z is not for those without a name any more.
    private static readonly string[] s_after =
    [
        "topic read #", "topic write common",
        "user ann", "topic write common", "topic write z/#",
        "user bob", "topic write common", "topic write x/#", "topic write y/#",
        "user cat", "topic write common",
        "pattern write p/%u/#",
    ];

    private static readonly (string? User, string Before, string After)[] s_rights =
    [
        ("ann", "common x/1 x/secret p/ann/1", "common z/1 p/ann/1"),
        ("bob", "common y/1 p/bob/1", "common x/1 x/secret y/1 p/bob/1"),
        ("cat", "common x/1", "common"),
        ("dan", "", ""),
        (null, "common z/1", "common"),
    ];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Publishers_OfEachList_MayWriteWhatTheirListSays(bool topicByTopic)
    {
        var gate = Compile(s_before);
        using var broker = new SteppedBroker(LimitTests.Options, gate);
        var reader = broker.Connect("reader");
        reader.Subscribe("#", QualityOfService.AtMostOnce);
        var publishers = s_rights.Select(right => broker.TryConnect(WirePackets.Connect(V5, $"client-{right.User}", userName: right.User), V5, out _)).ToArray();
        string[]?[] files = [s_before, s_after, s_before, null, s_after, s_after, s_before];
        for (var i = 0; i < files.Length; i++)
        {
            if (i > 0) broker.Broker.Core.Environment.Gate.Replace(files[i] is { } lines ? Compile(lines) : null);
            for (var round = 0; round < 4; round++)
            {
                for (var question = 0; question < publishers.Length * s_topics.Length; question++)
                {
                    var publisher = topicByTopic ? question % publishers.Length : question / s_topics.Length;
                    var topic = s_topics[topicByTopic ? question / publishers.Length : question % s_topics.Length];
                    var rights = ReferenceEquals(files[i], s_before) ? s_rights[publisher].Before : s_rights[publisher].After;
                    var expected = files[i] is null || rights.Split(' ').Contains(topic);
                    publishers[publisher].Connection.ClearSent();
                    reader.Connection.ClearSent();
                    publishers[publisher].Feed(WirePackets.Publish(V5, topic, "m", QualityOfService.AtLeastOnce));
                    Assert.True(
                        Convert.ToHexString(publishers[publisher].Connection.Sent) == (expected ? "40020001" : "4003000187") && reader.Connection.Sent.IsEmpty != expected,
                        $"file {i}, round {round}: {s_rights[publisher].User ?? "nobody"} writes to {topic}: {expected} was expected");
                }
            }
        }
    }

    [Fact]
    public void Grant_OfOneUser_IsNotAnothersOnTheSameRoute()
    {
        var gate = new AccessGate(Compile(s_before));
        var (x, y) = (RouteOf("x/1", gate), RouteOf("y/1", gate));
        var (ann, bob, nobody) = (new Publisher(gate, "ann"), new Publisher(gate, "bob"), new Publisher(gate, null));
        // Everybody knows a list of his own before he asks for what another was granted.
        Assert.True(bob.MayWrite(y));
        Assert.True(nobody.MayWrite(RouteOf("z/1", gate)));
        Assert.True(ann.MayWrite(x));
        Assert.NotNull(x.GrantedTo);
        Assert.False(bob.MayWrite(x));
        Assert.False(nobody.MayWrite(x));
        Assert.False(ann.MayWrite(y));
        Assert.True(new Publisher(gate, "ann", "second client").MayWrite(x));
        Assert.True(new Publisher(gate, "cat").MayWrite(x));
        Assert.True(ann.MayWrite(x));
    }

    [Fact]
    public void Grant_OfEarlierRules_IsNoneOnARouteFoundBefore()
    {
        var gate = new AccessGate(Compile(s_before));
        var (x, z, common) = (RouteOf("x/1", gate), RouteOf("z/1", gate), RouteOf("common", gate));
        var (ann, second, bob, nobody) = (new Publisher(gate, "ann"), new Publisher(gate, "ann", "second client"), new Publisher(gate, "bob"), new Publisher(gate, null));
        foreach (var publisher in (Publisher[])[ann, second, bob, nobody]) Assert.True(publisher.MayWrite(common));
        Assert.True(ann.MayWrite(x));
        Assert.True(nobody.MayWrite(z));
        Assert.True(second.MayWrite(x));
        gate.Replace(Compile(s_after));
        // First without anything that the new rules have granted, then with it.
        for (var round = 0; round < 2; round++)
        {
            Assert.False(ann.MayWrite(x));
            Assert.False(second.MayWrite(x));
            Assert.False(nobody.MayWrite(z));
            Assert.True(bob.MayWrite(x));
            foreach (var publisher in (Publisher[])[ann, second, bob, nobody]) Assert.True(publisher.MayWrite(common));
        }

        // The same rules read again are others all the same.
        gate.Replace(Compile(s_before));
        Assert.True(ann.MayWrite(x));
        Assert.False(bob.MayWrite(x));
    }

    [Theory]
    [InlineData("pattern write x/%c")]
    [InlineData("pattern write x/%u")]
    [InlineData("pattern write x/+")]
    public void Grant_ByAPattern_IsRememberedForNobodyElse(string pattern)
    {
        var gate = new AccessGate(Compile([pattern, "topic write common", "user ann", "topic write common", "user bob", "topic write common"]));
        var (x, common) = (RouteOf("x/ann", gate), RouteOf("common", gate));
        var (ann, bob) = (new Publisher(gate, "ann", "ann"), new Publisher(gate, "ann", "bob"));
        Assert.True(ann.MayWrite(common));
        Assert.True(bob.MayWrite(common));
        Assert.True(ann.MayWrite(x));
        Assert.Null(x.GrantedTo);
        // Another client of the same user: its own name does not stand there.
        Assert.Equal(!pattern.EndsWith("%c", StringComparison.Ordinal), bob.MayWrite(x));
    }

    private static IAuthorizer Compile(string[] lines) => AccessList.Parse(lines, "f").Compile();

    private static Route RouteOf(string topic, AccessGate gate)
    {
        var name = Encoding.UTF8.GetBytes(topic);
        return new Route(name, RouteCache<Route>.HashOf(name), SubscriptionGenerations.StripeOf(name), 0) { GateGeneration = gate.Generation };
    }

    private sealed class Publisher(AccessGate gate, string? userName, string? clientId = null)
    {
        private readonly Identity _identity = new(clientId ?? $"client-{userName}", userName, null);
        private PublisherRoutes _routes;

        internal bool MayWrite(Route route) => _routes.MayWrite(gate, _identity, route, route.TopicName);
    }
}
