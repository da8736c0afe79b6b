using System.Text;
using Nightjar.Broker.Connections;
using Nightjar.Broker.Routing;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.AccessLists;
using Nightjar.Broker.Security.DynamicSecurity;
using Nightjar.Broker.Subscriptions;
using Nightjar.Broker.Tests.Security.AccessLists;
using Nightjar.Broker.Tests.Security.DynamicSecurity;
using Xunit;
using Xunit.Abstractions;
using RandomAccess = Nightjar.Broker.Tests.Security.AccessLists.RandomAccess;

namespace Nightjar.Broker.Tests.Routing;

/// <summary>Who may write is remembered by the publisher, and where a list alone decided by the route for all who have the list: nobody gets an answer that was another's.</summary>
public sealed class WriteDecisionTests(ITestOutputHelper output)
{
    private const int Questions = 60;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(0)]
    public void AccessLists_WithReloads_DecideAsTheReference(int seed)
    {
        // The last case is another one in each run.
        if (seed == 0) seed = Environment.TickCount;
        var random = new Random(seed);
        var source = new RandomAccess(random);
        var shared = 0;
        for (var i = 0; i < 300; i++)
        {
            var gate = new AccessGate(null);
            var oracle = new AccessGate(null);
            var world = new Publishers(random, gate, oracle, source.NextIdentity, source.NextTopic, $"seed {seed}, world {i}");
            for (var reload = 0; reload < 6; reload++)
            {
                // Without rules now and then, and with the file as it was: the lists are others all the same.
                var lines = source.NextFile(addresses: random.Next(3) == 0);
                for (var again = random.Next(2); again >= 0; again--)
                {
                    oracle.Replace(reload == 4 ? null : new ReferenceAccess(lines));
                    gate.Replace(reload == 4 ? null : AccessList.Parse(lines, "f").Compile());
                    world.Ask(Questions);
                }
            }

            shared += world.SharedGrants;
        }

        output.WriteLine($"seed {seed}: {shared} grants that another client's question had found");
        Assert.True(shared > 1000);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(0)]
    public void DynamicSecurity_BeforeAccessLists_DecidesAsWithoutMemory(int seed)
    {
        if (seed == 0) seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var rights = new RandomRights(random);
        var files = new RandomAccess(random);
        for (var i = 0; i < 100; i++)
        {
            var (state, reference) = rights.Next();
            var service = new DynamicSecurityService(state);
            var authorizer = service.CreateAuthorizer(AccessList.Parse(files.NextFile(), "f").Compile());
            var gate = new AccessGate(authorizer);
            service.Changed += (_, _, _) => gate.Renew();
            Identity NextIdentity() => random.Next(2) == 0 ? rights.NextIdentity() : files.NextIdentity();
            var world = new Publishers(random, gate, gate, NextIdentity, rights.NextTopic, $"seed {seed}, world {i}");
            for (var change = 0; change < 12; change++)
            {
                world.Ask(Questions);
                rights.Change(reference);
                state = RandomRights.StateOf(reference, state);
                service.Take(state, new DynamicSecurityChange());
            }
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(0)]
    public void Domains_WithListsOfTheirOwn_DecideAsWithoutMemory(int seed)
    {
        if (seed == 0) seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var source = new RandomAccess(random);
        string[] domains = ["", "one", "two", "open", "gone"];
        for (var i = 0; i < 100; i++)
        {
            var gate = new AccessGate(null);
            var world = new Publishers(
                random, gate, gate, () => source.NextIdentity() with { SecurityDomain = domains[random.Next(domains.Length)] }, source.NextTopic, $"seed {seed}, world {i}");
            for (var reload = 0; reload < 6; reload++)
            {
                gate.Replace(new DomainAuthorizer(new Dictionary<string, IAuthorizer?> { [""] = NextProgram(), ["one"] = NextProgram(), ["two"] = NextProgram(), ["open"] = null }));
                world.Ask(Questions);
            }
        }

        IAuthorizer NextProgram() => AccessList.Parse(source.NextFile(), "f").Compile();
    }

    [Fact]
    public void Topics_OfManyPublishersWithOneList_AreAskedForOnce()
    {
        var rules = new CountingRules(["topic write dev/+/temp", "pattern write home/%c/#", "user bob", "topic write dev/#"]);
        var gate = new AccessGate(rules);
        var topics = Enumerable.Range(0, 1000).Select(i => Encoding.UTF8.GetBytes($"dev/{i}/temp")).ToArray();
        var routes = topics.Select(topic => RouteOf(topic, gate)).ToArray();
        for (var client = 0; client < 5; client++)
        {
            var publisher = default(PublisherRoutes);
            var identity = new Identity($"c{client}", null, null);
            for (var round = 0; round < 3; round++)
            {
                for (var i = 0; i < topics.Length; i++) Assert.True(publisher.MayWrite(gate, identity, routes[i], topics[i]));
            }
        }

        // The first client asks for all, each of the others once, to learn which list is its own.
        Assert.Equal(topics.Length + 4, rules.Asked);
        var bob = default(PublisherRoutes);
        for (var i = 0; i < topics.Length; i++) Assert.True(bob.MayWrite(gate, new Identity("b", "bob", null), routes[i], topics[i]));
        Assert.Equal((2 * topics.Length) + 4, rules.Asked);
    }

    private static Route RouteOf(byte[] topic, AccessGate gate) =>
        new(topic, RouteCache<Route>.HashOf(topic), SubscriptionGenerations.StripeOf(topic), 0) { GateGeneration = gate.Generation };

    /// <summary>Publishers who share routes.</summary>
    private sealed class Publishers
    {
        private readonly Random _random;
        private readonly AccessGate _gate;
        private readonly AccessGate _oracle;
        private readonly string _where;
        private readonly Identity[] _identities;
        private readonly PublisherRoutes[] _publishers = new PublisherRoutes[10];
        private readonly HashSet<(int Publisher, Route Route)> _asked = [];
        private readonly Dictionary<byte[], Route> _routes = [];
        private readonly byte[][] _topics;

        internal Publishers(Random random, AccessGate gate, AccessGate oracle, Func<Identity> nextIdentity, Func<string> nextTopic, string where)
        {
            _random = random;
            _gate = gate;
            _oracle = oracle;
            _where = where;
            _identities = Enumerable.Range(0, _publishers.Length).Select(_ => nextIdentity()).ToArray();
            _topics = Enumerable.Range(0, 12).Select(_ => Encoding.UTF8.GetBytes(nextTopic())).ToArray();
        }

        internal int SharedGrants { get; private set; }

        internal void Ask(int questions)
        {
            for (; questions > 0; questions--)
            {
                var publisher = _random.Next(_publishers.Length);
                var topic = _topics[_random.Next(_topics.Length)];
                // A route of older rules is not asked for in a broker; even it must not grant what is forbidden now.
                if (!_routes.TryGetValue(topic, out var route) || (route.GateGeneration != _gate.Generation && _random.Next(3) > 0))
                    _routes[topic] = route = RouteOf(topic, _gate);
                var identity = _identities[publisher];
                var isFirst = _asked.Add((publisher, route));
                var wasGranted = route.GrantedTo is not null;
                var expected = _oracle.May(identity, AccessAction.Write, topic);
                Assert.True(
                    expected == _publishers[publisher].MayWrite(_gate, identity, route, topic),
                    $"{_where}: {identity} write '{Encoding.UTF8.GetString(topic)}' is {expected}");
                if (expected && isFirst && wasGranted) SharedGrants++;
            }
        }
    }

    private sealed class CountingRules(string[] lines) : IListAuthorizer
    {
        private readonly IListAuthorizer _rules = (IListAuthorizer)AccessList.Parse(lines, "f").Compile();

        internal int Asked { get; private set; }

        public bool May(Identity identity, AccessAction action, ReadOnlySpan<byte> topic) => _rules.May(identity, action, topic);

        public bool MayWrite(Identity identity, ReadOnlySpan<byte> topicName, out object? list)
        {
            Asked++;
            return _rules.MayWrite(identity, topicName, out list);
        }
    }
}
