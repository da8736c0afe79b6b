using System.Text;

namespace Nightjar.Broker.Tests.Subscriptions;

/// <summary>Matching as the specification tells it (§4.7), slow and plain, and random names to match.</summary>
internal static class NaiveTopics
{
    private static readonly string[] Levels = ["a", "b", "c", "dd", "", "$SYS", "$x", "é", "longer-level-name", "a1"];

    public static bool Matches(string filter, string topic)
    {
        var filterLevels = filter.Split('/');
        var topicLevels = topic.Split('/');
        if (topic.StartsWith('$') && (filterLevels[0] is "+" or "#")) return false;
        for (var i = 0; i < filterLevels.Length; i++)
        {
            if (filterLevels[i] == "#") return true;
            if (i == topicLevels.Length) return false;
            if (filterLevels[i] != "+" && filterLevels[i] != topicLevels[i]) return false;
        }

        return filterLevels.Length == topicLevels.Length;
    }

    public static string RandomTopic(Random random, int variety = 10) =>
        string.Join('/', Enumerable.Range(0, random.Next(1, 6)).Select(_ => Level(random, variety)));

    public static string RandomFilter(Random random, int variety = 10)
    {
        var levels = Enumerable.Range(0, random.Next(1, 6)).Select(_ => random.Next(5) == 0 ? "+" : Level(random, variety)).ToList();
        if (random.Next(5) == 0) levels[^1] = "#";
        return string.Join('/', levels);
    }

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static string Level(Random random, int variety) =>
        variety <= Levels.Length ? Levels[random.Next(variety)] : $"n{random.Next(variety)}";
}
