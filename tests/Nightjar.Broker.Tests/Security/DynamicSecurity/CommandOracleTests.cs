using System.Text.Json.Nodes;
using Nightjar.Broker.Security.DynamicSecurity;
using Xunit;
using Xunit.Abstractions;

namespace Nightjar.Broker.Tests.Security.DynamicSecurity;

/// <summary>Random sequences of commands come to what the naive model comes to, and the file keeps it.</summary>
public sealed class CommandOracleTests(ITestOutputHelper output)
{
    private const int Sequences = 60;
    private const int Length = 150;

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public void Commands_InRandomOrder_ComeToWhatTheModelComesTo(int seed)
    {
        // The last case is another one in each run.
        if (seed == 0) seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var commands = new RandomCommands(new Random(seed));
        var (succeeded, failed) = (0, 0);
        for (var sequence = 0; sequence < Sequences; sequence++)
        {
            var world = new CommandWorld();
            var model = new ReferenceModel();
            for (var i = 0; i < Length; i++)
            {
                var command = commands.Next();
                var expected = model.Run(command);
                var answer = JsonNode.Parse(world.Do(command.ToJsonString()))!;
                Assert.True(expected == (string?)answer["error"], $"seed {seed}: '{expected}' expected, {answer.ToJsonString()} for {command.ToJsonString()}");
                if (expected is null) succeeded++;
                else failed++;
                if (i % 10 == 9) Compare(world, model, seed);
            }

            var written = DynamicSecurityFileWriter.ToBytes(world.State);
            var read = DynamicSecurityFile.Parse(written, "f");
            Assert.Empty(read.Warnings);
            Compare(new CommandWorld { State = read.State }, model, seed);
            Assert.Equal(written, DynamicSecurityFileWriter.ToBytes(read.State));
        }

        output.WriteLine($"{succeeded} succeeded, {failed} failed");
        // Neither is rare.
        Assert.InRange(succeeded, Sequences * Length / 5, Sequences * Length * 4 / 5);
    }

    private static void Compare(CommandWorld world, ReferenceModel model, int seed)
    {
        StateRules.Check(world.State);
        var (clients, groups, roles) = model.Listings();
        Same(clients, world.Do("""{"command":"listClients","verbose":true}"""), seed);
        Same(groups, world.Do("""{"command":"listGroups","verbose":true}"""), seed);
        Same(roles, world.Do("""{"command":"listRoles","verbose":true}"""), seed);
        Assert.Equal(model.Anonymous, world.State.AnonymousGroup ?? "");
    }

    // The two writers escape differently; order of keys and entries counts.
    private static void Same(string expected, string actual, int seed) =>
        Assert.True(JsonNode.Parse(actual)!.ToJsonString() == expected, $"seed {seed}: expected {expected}, is {actual}");
}
