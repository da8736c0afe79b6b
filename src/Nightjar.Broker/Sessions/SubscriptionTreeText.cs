using System.Text;
using Nightjar.Broker.Subscriptions;

namespace Nightjar.Broker.Sessions;

/// <summary>The subscriptions of all sessions as an indented tree of topic levels, as Mosquitto prints it: <c>level (client, qos) (client, qos)</c>.</summary>
internal static class SubscriptionTreeText
{
    /// <summary>Writes the tree. Costs a sort of all subscriptions; sessions are asked one by one, so that it is no one moment's picture.</summary>
    internal static void Write(IEnumerable<Session> sessions, TextWriter writer)
    {
        var rows = new List<(string[] Levels, string ClientId, int QoS)>();
        foreach (var session in sessions)
        {
            Subscription[] subscriptions;
            lock (session.Gate) subscriptions = session.Subscriptions.ToArray();
            foreach (var subscription in subscriptions)
                rows.Add((LevelsOf(subscription), session.ClientId, (int)subscription.MaximumQoS));
        }

        rows.Sort(static (one, other) => Compare(one.Levels, other.Levels) is var order and not 0 ? order : string.CompareOrdinal(one.ClientId, other.ClientId));
        string[] path = [];
        for (var i = 0; i < rows.Count;)
        {
            var levels = rows[i].Levels;
            var common = CommonLevels(path, levels);
            for (var depth = common; depth < levels.Length; depth++)
            {
                if (depth > common || i > 0) writer.WriteLine();
                writer.Write(new string(' ', (depth + 1) * 2));
                writer.Write(Printable(levels[depth]));
            }

            for (; i < rows.Count && Compare(rows[i].Levels, levels) == 0; i++)
                writer.Write($" ({Printable(rows[i].ClientId)}, {rows[i].QoS})");
            path = levels;
        }

        if (rows.Count > 0) writer.WriteLine();
    }

    private static string[] LevelsOf(Subscription subscription)
    {
        var filter = Encoding.UTF8.GetString(subscription.TopicFilter);
        if (subscription.ShareName is { } shareName) filter = $"$share/{Encoding.UTF8.GetString(shareName)}/{filter}";
        return filter.Split('/');
    }

    private static int Compare(string[] one, string[] other)
    {
        for (var i = 0; i < Math.Min(one.Length, other.Length); i++)
        {
            var order = string.CompareOrdinal(one[i], other[i]);
            if (order != 0) return order;
        }

        return one.Length.CompareTo(other.Length);
    }

    private static int CommonLevels(string[] one, string[] other)
    {
        var common = 0;
        while (common < one.Length && common < other.Length && one[common] == other[common]) common++;
        return common;
    }

    // A client id or topic must not be able to draw a tree of its own.
    private static string Printable(string text) => text.AsSpan().IndexOfAnyInRange('\0', '\x1F') < 0 ? text : string.Concat(text.Select(c => c < ' ' ? '?' : c));
}
