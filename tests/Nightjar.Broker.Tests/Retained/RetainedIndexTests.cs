using Nightjar.Broker.Retained;
using Nightjar.Broker.Tests.Subscriptions;
using Nightjar.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Nightjar.Broker.Tests.Retained;

public sealed class RetainedIndexTests(ITestOutputHelper output)
{
    private sealed record Value(string Topic, int Version);

    [Theory]
    [InlineData(1, 4)]
    [InlineData(2, 10)]
    [InlineData(3, 100)]
    [InlineData(0, 10)]
    public void Index_AfterRandomChanges_GivesWhatTheNaiveModelGives(int seed, int variety)
    {
        if (seed == 0) seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        RetainedIndex<Value> index = new();
        Dictionary<string, Value> model = [];
        for (var step = 0; step < 20_000; step++)
        {
            var topic = NaiveTopics.RandomTopic(random, variety);
            if (step % 100 == 0) topic += "/" + new string('x', 300);
            var growing = step / 4_000 % 2 == 0;
            if (random.Next(4) != 0 == growing)
            {
                Value value = new(topic, step);
                Assert.Same(model.GetValueOrDefault(topic), index.Set(NaiveTopics.Utf8(topic), value));
                model[topic] = value;
            }
            else
            {
                if (model.Count > 0 && random.Next(2) == 0) topic = model.Keys.ElementAt(random.Next(Math.Min(20, model.Count)));
                Assert.Same(model.GetValueOrDefault(topic), index.Remove(NaiveTopics.Utf8(topic)));
                model.Remove(topic);
            }

            Assert.Equal(model.Count, index.Count);
            Assert.Same(model.GetValueOrDefault(topic), index.Get(NaiveTopics.Utf8(topic)));
            if (step % 100 == 0) AssertMatches(index, model, NaiveTopics.RandomFilter(random, variety));
        }

        foreach (var filter in new[] { "#", "+/#", "+", "+/+", "/#", "$SYS/#", "a", "a/#", "a/+", "$SYS" })
            AssertMatches(index, model, filter);
        foreach (var topic in model.Keys) Assert.NotNull(index.Remove(NaiveTopics.Utf8(topic)));
        Assert.Equal(0, index.Count);
        Assert.Empty(All(index, "#"));
    }

    [Theory]
    [InlineData("a/b/c", true)]
    [InlineData("a/+/x", true)]
    [InlineData("a/b/c/#", true)]
    [InlineData("+/x", true)]
    [InlineData("a", false)]
    [InlineData("a/x", false)]
    [InlineData("a/x/+", false)]
    [InlineData("a/b/c/+", false)]
    [InlineData("x/#", false)]
    public void MayMatch_OfFilterWhoseFirstLevelsLeadNowhere_IsFalse(string filter, bool expected)
    {
        RetainedIndex<Value> index = new();
        index.Set("a/b/c"u8, new Value("a/b/c", 1));
        Assert.Equal(expected, index.MayMatch(NaiveTopics.Utf8(filter)));
    }

    [Fact]
    public async Task Cursor_BesideChanges_GivesWhatStaysOnceAndNothingThatDoesNotMatch()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        RetainedIndex<Value> index = new();
        var stable = Enumerable.Range(0, 2_000).Select(i => $"{NaiveTopics.RandomTopic(random, 40)}/s{i}").ToHashSet();
        foreach (var topic in stable) index.Set(NaiveTopics.Utf8(topic), new Value(topic, 0));

        var done = false;
        var readers = Enumerable.Range(1, 2).Select(number => Task.Run(() =>
        {
            Random own = new(seed - number);
            do
            {
                var filter = own.Next(2) == 0 ? "#" : NaiveTopics.RandomFilter(own, 40);
                var found = All(index, filter);
                Assert.All(found, value => Assert.True(NaiveTopics.Matches(filter, value.Topic)));
                Assert.Equal(
                    stable.Where(topic => NaiveTopics.Matches(filter, topic)).Order(StringComparer.Ordinal),
                    found.Where(value => stable.Contains(value.Topic)).Select(value => value.Topic).Order(StringComparer.Ordinal));
            }
            while (!Volatile.Read(ref done));
        })).ToArray();

        for (var step = 0; step < 100_000; step++)
        {
            var topic = NaiveTopics.RandomTopic(random, 40);
            if (step % 20_000 < 10_000)
                index.Set(NaiveTopics.Utf8(topic), new Value(topic, step));
            else
                index.Remove(NaiveTopics.Utf8(topic));
        }

        Volatile.Write(ref done, true);
        await Task.WhenAll(readers);
    }

    [Fact]
    public async Task SetAndRemove_OfOneTopicOnManyThreads_HandOnEachValueOnce()
    {
        RetainedIndex<Value> index = new();
        var returned = await Task.WhenAll(Enumerable.Range(0, 3).Select(number => Task.Run(() =>
        {
            List<Value> old = [];
            for (var i = 0; i < 100_000; i++)
            {
                var before = i % 3 == 2 ? index.Remove("a/b"u8) : index.Set("a/b"u8, new Value("a/b", i));
                if (before is not null) old.Add(before);
            }

            return old;
        })));
        var left = index.Get("a/b"u8);
        Assert.Equal(left is null ? 0 : 1, index.Count);

        // Every value that was set came back to whoever displaced it, but for the last.
        var all = returned.SelectMany(values => values).Concat(left is null ? [] : [left]).ToArray();
        Assert.Equal(3 * 66_667, all.Length);
        Assert.Equal(all.Length, all.Distinct(ReferenceEqualityComparer.Instance).Count());
    }

    [Fact]
    public void Cursor_BetweenTwoSteps_GivesTheValueOfTheMoment()
    {
        RetainedIndex<Value> index = new();
        foreach (var topic in new[] { "a/1", "a/2", "a/3" }) index.Set(NaiveTopics.Utf8(topic), new Value(topic, 1));
        var cursor = index.Match("a/+"u8.ToArray());
        Assert.True(cursor.MoveNext(out var first));
        foreach (var topic in new[] { "a/1", "a/2", "a/3" })
        {
            if (topic == first.Topic) continue;
            index.Set(NaiveTopics.Utf8(topic), new Value(topic, 2));
        }

        Assert.True(cursor.MoveNext(out var second));
        Assert.Equal(2, second.Version);
        index.Remove("a/1"u8);
        index.Remove("a/2"u8);
        index.Remove("a/3"u8);
        Assert.False(cursor.MoveNext(out _));
    }

    [Fact]
    public void GetAndCursor_InTheSteadyState_AllocateNothing()
    {
        RetainedIndex<Value> index = new();
        for (var i = 0; i < 5_000; i++) index.Set(NaiveTopics.Utf8($"dev/{i}/temp/{i % 7}"), new Value("", i));
        var topic = "dev/4711/temp/0"u8.ToArray();
        var cursor = index.Match("dev/+/temp/#"u8.ToArray());
        void Step()
        {
            for (var i = 0; i < 400; i++)
            {
                cursor.MoveNext(out _);
                index.Get(topic);
            }
        }

        Step();
        Allocation.AssertNone(Step);
        Assert.True(cursor.MoveNext(out _));
    }

    [Fact]
    public void Topic_OfManyLevels_IsKeptAndFound()
    {
        RetainedIndex<Value> index = new();
        var topic = string.Join('/', Enumerable.Repeat("", 20_000));
        index.Set(NaiveTopics.Utf8(topic), new Value(topic, 1));
        Assert.Single(All(index, "#"));
        Assert.NotNull(index.Get(NaiveTopics.Utf8(topic)));
        Assert.NotNull(index.Remove(NaiveTopics.Utf8(topic)));
        Assert.Empty(All(index, "#"));
    }

    private static List<Value> All(RetainedIndex<Value> index, string filter)
    {
        List<Value> values = [];
        var cursor = index.Match(NaiveTopics.Utf8(filter));
        while (cursor.MoveNext(out var value)) values.Add(value);
        return values;
    }

    private static void AssertMatches(RetainedIndex<Value> index, Dictionary<string, Value> model, string filter)
    {
        Value[] expected = [.. model.Values.Where(value => NaiveTopics.Matches(filter, value.Topic)).OrderBy(value => value.Topic, StringComparer.Ordinal)];
        Assert.Equal(expected, All(index, filter).OrderBy(value => value.Topic, StringComparer.Ordinal));
        var mayMatch = index.MayMatch(NaiveTopics.Utf8(filter));
        if (filter.AsSpan().ContainsAny('+', '#')) Assert.True(mayMatch || expected.Length == 0, filter);
        else Assert.Equal(expected.Length > 0, mayMatch);
    }
}
