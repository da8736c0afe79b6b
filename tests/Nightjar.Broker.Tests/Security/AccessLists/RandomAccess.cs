using System.Net;
using System.Net.Sockets;
using Nightjar.Broker.Security;
using Nightjar.Protocol;

namespace Nightjar.Broker.Tests.Security.AccessLists;

/// <summary>Random access files, identities and topics out of so few words that they meet.</summary>
internal sealed class RandomAccess(Random random)
{
    private static readonly string[] Common = ["a", "b", "me", "bob", "%u", "%c"];
    private static readonly string[] Odd = ["c", "", "a b", "é", "$SYS", "$x", "pre-%u", "x"];
    private static readonly string[] UserNames = ["bob", "bob", "bob", "eve", "a", "", "a+b", "#", "x/y", "%u", "%c", "$SYS", "é", "a", "bob smith"];
    private static readonly string[] ClientIds = ["me", "me", "a", "b", "bob", "a/b", "+", "a#", "%c", "%u", "$SYS", "é", "me\0", "c"];
    private static readonly string[] Ranges = ["10.0.0.0/8", "10.1.2.3", "0.0.0.0/0", "::/0", "fd00::/8", "fd00::1", "192.168.0.0/16", "any"];
    private static readonly EndPoint?[] Addresses =
    [
        null,
        new IPEndPoint(IPAddress.Parse("10.1.2.3"), 1),
        new IPEndPoint(IPAddress.Parse("10.200.0.1"), 2),
        new IPEndPoint(IPAddress.Parse("::ffff:10.1.2.3"), 3),
        new IPEndPoint(IPAddress.Parse("192.168.7.7"), 4),
        new IPEndPoint(IPAddress.Parse("fd00::1"), 5),
        new IPEndPoint(IPAddress.IPv6Loopback, 6),
        new UnixDomainSocketEndPoint("/run/nightjar.sock"),
    ];

    internal List<string> NextFile(bool addresses = true)
    {
        var lines = new List<string>();
        for (var count = random.Next(10) == 0 ? random.Next(100, 200) : random.Next(0, 16); count > 0; count--)
        {
            switch (random.Next(10))
            {
                case 0 or 1:
                    lines.Add("user " + Pick(UserNames.Where(name => name.Length > 0).ToArray()));
                    break;
                case 2 when addresses:
                    lines.Add("address " + Pick(Ranges));
                    break;
                case 3:
                    lines.Add(Pick(["# topic #", "", "   "]));
                    break;
                default:
                    lines.Add(NextRule());
                    break;
            }
        }

        return lines;
    }

    internal Identity NextIdentity() =>
        new(Pick(ClientIds), random.Next(3) == 0 ? null : Pick(UserNames), Pick(Addresses));

    /// <summary>Different client ids that MQTT allows, in random order.</summary>
    internal string[] NextClientIds()
    {
        var ids = ClientIds.Where(id => !id.Contains('\0', StringComparison.Ordinal)).Distinct().ToArray();
        random.Shuffle(ids);
        return ids;
    }

    internal string NextTopic()
    {
        while (true)
        {
            var topic = string.Join('/', Enumerable.Range(0, random.Next(1, 4)).Select(_ => NextLevel()));
            if (topic.Length > 0) return topic;
        }
    }

    internal string NextFilter()
    {
        while (true)
        {
            var filter = string.Join('/', Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(3) == 0 ? "+" : NextLevel()));
            if (random.Next(3) == 0) filter += "/#";
            else if (random.Next(12) == 0) filter = "#";
            if (TopicFilter.IsValid(System.Text.Encoding.UTF8.GetBytes(filter))) return filter;
        }
    }

    private string NextRule()
    {
        var keyword = random.Next(3) == 0 ? "pattern" : "topic";
        var filter = NextFilter();
        while (filter.EndsWith(' ')) filter = NextFilter();
        var access = Pick(["read ", "write ", "readwrite ", "deny ", "read ", filter.Contains(' ', StringComparison.Ordinal) ? "read  " : ""]);
        return $"{keyword} {access}{filter}";
    }

    private string NextLevel() => Pick(random.Next(4) == 0 ? Odd : Common);

    private T Pick<T>(T[] from) => from[random.Next(from.Length)];
}
