using System.Text;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.AccessLists;
using Xunit;
using Xunit.Abstractions;

namespace Nightjar.Broker.Tests.Security.AccessLists;

public sealed class AccessProgramOracleTests(ITestOutputHelper output)
{
    private const int Files = 3000;
    private const int QuestionsPerFile = 12;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(0)]
    public void Program_OverRandomFiles_DecidesAsTheReference(int seed)
    {
        // The last case is another one in each run.
        if (seed == 0) seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var source = new RandomAccess(random);
        var granted = 0;
        var cases = 0;
        for (var i = 0; i < Files; i++)
        {
            var lines = source.NextFile();
            var reference = new ReferenceAccess(lines);
            var program = AccessList.Parse(lines, "f").Compile();
            for (var j = 0; j < QuestionsPerFile; j++)
            {
                var identity = source.NextIdentity();
                var action = (AccessAction)random.Next(4);
                var topic = action is AccessAction.Read or AccessAction.Write ? source.NextTopic() : source.NextFilter();
                var utf8 = Encoding.UTF8.GetBytes(topic);
                var expected = reference.May(identity, action, utf8);
                Assert.True(
                    expected == program.May(identity, action, utf8),
                    $"seed {seed}: {identity} {action} '{topic}' is {expected} by the reference for\n{string.Join('\n', lines)}");
                cases++;
                if (expected && action is AccessAction.Read or AccessAction.Write) granted++;
            }
        }

        output.WriteLine($"{cases} cases, {granted} topics granted");
        Assert.True(cases >= 20_000);
        // Neither answer is rare.
        Assert.InRange(granted, cases / 20, cases / 2);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(0)]
    public void Subscribe_WhenRefused_HasNoTopicThatMayBeRead(int seed)
    {
        if (seed == 0) seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var source = new RandomAccess(new Random(seed));
        var refused = 0;
        for (var i = 0; i < 3000; i++)
        {
            var lines = source.NextFile();
            var program = AccessList.Parse(lines, "f").Compile();
            var identity = source.NextIdentity();
            var filter = Encoding.UTF8.GetBytes(source.NextFilter());
            if (program.May(identity, AccessAction.Subscribe, filter)) continue;
            refused++;
            for (var j = 0; j < 40; j++)
            {
                var topic = Encoding.UTF8.GetBytes(source.NextTopic());
                if (!Nightjar.Protocol.TopicFilter.Matches(filter, topic)) continue;
                Assert.False(
                    program.May(identity, AccessAction.Read, topic),
                    $"seed {seed}: {identity} may read '{Encoding.UTF8.GetString(topic)}' and not subscribe to '{Encoding.UTF8.GetString(filter)}' by\n{string.Join('\n', lines)}");
            }
        }

        Assert.True(refused > 300, $"{refused} were refused");
    }
}
