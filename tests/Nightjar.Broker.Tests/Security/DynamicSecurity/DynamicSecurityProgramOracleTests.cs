using System.Text;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.DynamicSecurity;
using Xunit;
using Xunit.Abstractions;

namespace Nightjar.Broker.Tests.Security.DynamicSecurity;

public sealed class DynamicSecurityProgramOracleTests(ITestOutputHelper output)
{
    private const int States = 1500;
    private const int QuestionsPerState = 24;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(0)]
    public void Program_OverRandomStates_DecidesAsTheReference(int seed)
    {
        // The last case is another one in each run.
        if (seed == 0) seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var source = new RandomRights(random);
        var asked = new int[4];
        var granted = new int[4];
        for (var i = 0; i < States; i++)
        {
            var (state, reference) = source.Next();
            var program = DynamicSecurityProgram.Compile(state);
            for (var j = 0; j < QuestionsPerState; j++)
            {
                var action = Ask(source, random, program, reference, $"seed {seed}, state {i}", out var decided);
                asked[(int)action]++;
                if (decided == true) granted[(int)action]++;
            }
        }

        output.WriteLine(string.Join(' ', Enum.GetValues<AccessAction>().Select(action => $"{action} {granted[(int)action]}/{asked[(int)action]}")));
        Assert.True(asked.Sum() >= 20_000);
        // Neither answer is rare.
        foreach (var action in Enum.GetValues<AccessAction>()) Assert.InRange(granted[(int)action], asked[(int)action] / 10, asked[(int)action] * 9 / 10);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(0)]
    public void Program_AfterEachOfManyChanges_DecidesAsTheReference(int seed)
    {
        if (seed == 0) seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var source = new RandomRights(random);
        for (var i = 0; i < 40; i++)
        {
            var (state, reference) = source.Next();
            var program = DynamicSecurityProgram.Compile(state);
            for (var change = 0; change < 40; change++)
            {
                source.Change(reference);
                var previous = program;
                state = RandomRights.StateOf(reference, state);
                program = program.Then(state);
                for (var j = 0; j < 15; j++)
                {
                    Ask(source, random, program, reference, $"seed {seed}, state {i}, change {change}", out _);
                    // Whoever still goes by the program before gets what that said, whatever the new one has found out since.
                    var identity = source.NextIdentity();
                    var topic = Encoding.UTF8.GetBytes(source.NextTopic());
                    Assert.Equal(DynamicSecurityProgram.Compile(previous.State).Decide(identity, AccessAction.Read, topic), previous.Decide(identity, AccessAction.Read, topic));
                }
            }
        }
    }

    private static AccessAction Ask(
        RandomRights source, Random random, DynamicSecurityProgram program, ReferenceRights reference, string where, out bool? decided)
    {
        var identity = source.NextIdentity();
        var action = (AccessAction)random.Next(4);
        var topic = action is AccessAction.Read or AccessAction.Write ? source.NextTopic() : source.NextFilter();
        decided = reference.Decide(identity, action, topic);
        var actual = program.Decide(identity, action, Encoding.UTF8.GetBytes(topic));
        Assert.True(decided == actual, $"{where}: {identity} {action} '{topic}' is {decided} by the reference and {actual} by the program");
        return action;
    }
}
