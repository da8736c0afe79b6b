using System.Text;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.AccessLists;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Security.AccessLists;

/// <summary>
/// A running broker under random rules that are replaced again and again, and beside it what should come of each step by the reference: live and
/// queued delivery, retained messages, wills, shared subscriptions. Each step is one case; a difference fails.
/// </summary>
internal sealed class AccessWorld : IDisposable
{
    private const ProtocolVersion Version = ProtocolVersion.Mqtt50;
    private readonly Random _random;
    private readonly RandomAccess _source;
    private readonly SteppedBroker _broker;
    private readonly string[] _topics;
    private readonly Identity[] _publishers;
    private readonly AccessReader _live;
    private readonly AccessReader _durable;
    private readonly AccessReader[] _members;
    private readonly string _spareId;
    private readonly Dictionary<string, (string Payload, Identity Publisher)> _retained = [];
    private readonly List<(string Topic, string Payload)> _queue = [];
    private ReferenceAccess _rules;
    private List<string> _file;
    private int _number;

    internal AccessWorld(Random random)
    {
        _random = random;
        _source = new RandomAccess(random);
        _file = NextFile();
        _rules = new ReferenceAccess(_file);
        _broker = new SteppedBroker(new BrokerOptions { SysInterval = TimeSpan.Zero, CheckRetainSource = true }, AccessList.Parse(_file, "f").Compile());
        _topics = [.. Enumerable.Range(0, 8).Select(_ => _source.NextTopic()).Distinct()];
        var ids = new Queue<string>(_source.NextClientIds());
        _publishers = [NextIdentity(ids.Dequeue()), NextIdentity(ids.Dequeue())];
        _live = Reader(ids.Dequeue(), "", 0);
        _durable = Reader(ids.Dequeue(), "", 1000);
        _members = [Reader(ids.Dequeue(), "$share/g/", 0), Reader(ids.Dequeue(), "$share/g/", 0)];
        _spareId = ids.Dequeue();
    }

    /// <summary>How often each edge allowed something and refused something.</summary>
    internal SortedDictionary<string, (int Allowed, int Refused)> Counts { get; } = new(StringComparer.Ordinal);

    internal void Step()
    {
        switch (_random.Next(10))
        {
            case 0:
                Reload();
                break;
            case 1:
                ToggleDurable();
                break;
            case 2:
                ReadRetained();
                break;
            case 3:
                FireWill();
                break;
            default:
                Publish(_publishers[_random.Next(_publishers.Length)], Topic(), retain: _random.Next(4) == 0);
                break;
        }
    }

    public void Dispose() => _broker.Dispose();

    // What is not denied is allowed in every other file: otherwise little ever comes through.
    private List<string> NextFile()
    {
        var file = _source.NextFile(addresses: false);
        if (_random.Next(2) == 0) file.Add("pattern readwrite #");
        return file;
    }

    private void Reload()
    {
        _file = NextFile();
        _rules = new ReferenceAccess(_file);
        _broker.Broker.ReplaceAuthorizer(AccessList.Parse(_file, "f").Compile());
    }

    private string Topic() => _topics[_random.Next(_topics.Length)];

    private Identity NextIdentity(string clientId) => _source.NextIdentity() with { ClientId = clientId, Address = null };

    private AccessReader Reader(string clientId, string prefix, uint expiry)
    {
        var reader = new AccessReader(_broker, NextIdentity(clientId), expiry);
        reader.Connect();
        foreach (var topic in _topics)
        {
            var granted = reader.Subscribe(prefix + topic);
            Check("subscribe", _rules.CanEverRead(reader.Identity, topic), granted, $"{reader.Identity} subscribes to '{topic}'");
        }

        return reader;
    }

    private void Publish(Identity publisher, string topic, bool retain)
    {
        var payload = $"{++_number}";
        var connect = WirePackets.Connect(Version, publisher.ClientId, userName: publisher.UserName);
        var client = _broker.TryConnect(connect, Version, out var accepted);
        Assert.Equal(ReasonCode.Success, accepted);
        client.Connection.ClearSent();
        client.Feed(WirePackets.Publish(Version, topic, payload, QualityOfService.AtLeastOnce, retain: retain));
        var allowed = MayWrite(publisher, topic);
        Check("publish", allowed, client.Connection.Sent is not [0x40, _, _, _, 0x87, ..], $"{publisher} writes '{topic}'");
        client.Connection.End();
        if (allowed && retain) _retained[topic] = (payload, publisher);
        ExpectEverywhere(allowed, topic, payload, "live");
    }

    private void FireWill()
    {
        var identity = NextIdentity(_spareId);
        var topic = Topic();
        var payload = $"{++_number}";
        var connect = WirePackets.Connect(Version, identity.ClientId, userName: identity.UserName, will: new TestWill(topic, payload, QualityOfService.AtLeastOnce));
        var client = _broker.TryConnect(connect, Version, out var code);
        var allowed = MayWrite(identity, topic);
        Check("will at CONNECT", allowed, code == ReasonCode.Success, $"{identity} has a will for '{topic}'");
        if (allowed && _random.Next(2) == 0) Reload();
        client.Connection.End();
        ExpectEverywhere(allowed && MayWrite(identity, topic), topic, payload, "will");
    }

    private void ReadRetained()
    {
        var reader = new AccessReader(_broker, NextIdentity(_spareId), 0);
        reader.Connect();
        foreach (var topic in _topics)
        {
            if (!reader.Subscribe(topic)) continue;
            var allowed = _retained.TryGetValue(topic, out var retained) && MayRead(reader.Identity, topic) && MayWrite(retained.Publisher, topic);
            Check("retained", allowed, reader.Take().Any(message => message == (topic, retained.Payload)), $"{reader.Identity} reads '{topic}' retained by {retained.Publisher}");
        }

        reader.End();
    }

    // Away for a while, and back as the same user or without a user name: what waits is judged by who comes.
    private void ToggleDurable()
    {
        if (_durable.IsConnected)
        {
            _durable.End();
            return;
        }

        if (_random.Next(3) == 0) _durable.Identity = _durable.Identity with { UserName = _durable.Identity.UserName is null ? _durable.FirstUserName : null };
        _durable.Connect(cleanStart: false);
        var got = _durable.Take();
        foreach (var message in _queue)
            Check("queued", MayRead(_durable.Identity, message.Topic), got.Contains(message), $"{_durable.Identity} gets '{message.Topic}' that waited");
        Assert.Equal(got, _queue.Where(got.Contains));
        _queue.Clear();
    }

    private void ExpectEverywhere(bool published, string topic, string payload, string edge)
    {
        Expect(_live, published, topic, payload, edge);
        if (_durable.IsConnected) Expect(_durable, published, topic, payload, edge);
        else if (published && _durable.Has(topic) && MayRead(_durable.Identity, topic)) _queue.Add((topic, payload));

        var able = _members.Where(member => member.Has("$share/g/" + topic) && MayRead(member.Identity, topic)).ToList();
        var takers = _members.Where(member => member.Take().Contains((topic, payload))).ToList();
        Check("shared", published && able.Count > 0, takers.Count == 1, $"a member of {able.Count} gets '{topic}'");
        Assert.True(takers.All(able.Contains), Story($"{takers.FirstOrDefault()?.Identity} got '{topic}' of a shared subscription"));
    }

    private void Expect(AccessReader reader, bool published, string topic, string payload, string edge) => Check(
        edge, published && reader.Has(topic) && MayRead(reader.Identity, topic), reader.Take().Contains((topic, payload)), $"{reader.Identity} gets '{topic}'");

    private void Check(string edge, bool expected, bool actual, string what)
    {
        var (allowed, refused) = Counts.GetValueOrDefault(edge);
        Counts[edge] = expected ? (allowed + 1, refused) : (allowed, refused + 1);
        Assert.True(expected == actual, Story($"{edge}: {what}: {expected} by the reference"));
    }

    private string Story(string what) => $"{what}\n{string.Join('\n', _file)}";

    private bool MayRead(Identity identity, string topic) => _rules.Decide(identity, "read", topic);

    // Nobody writes what is the broker's own.
    private bool MayWrite(Identity identity, string topic) => topic.Split('/')[0] != "$SYS" && _rules.Decide(identity, "write", topic);
}
