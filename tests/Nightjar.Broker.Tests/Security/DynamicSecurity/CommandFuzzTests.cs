using System.Globalization;
using System.Text;
using System.Text.Json;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.DynamicSecurity;
using Xunit;
using Xunit.Abstractions;

namespace Nightjar.Broker.Tests.Security.DynamicSecurity;

/// <summary>
/// Mutated requests and files: nothing is thrown but the refusal of a file, an answer is always JSON, a request whose every command fails changes nothing, and what is read is
/// written and read again as the same. <c>NIGHTJAR_FUZZ_COUNT</c> sets how many of each (12 000), <c>NIGHTJAR_FUZZ_SEED</c> repeats a run.
/// </summary>
public sealed class CommandFuzzTests(ITestOutputHelper output)
{
    private static readonly string[] Tokens =
    [
        "null", "true", "false", "[]", "{}", "\"\"", "-1", "0", "1e999", "-1e999", "99999999999999999999", "1.5", "\"\\u0000\"", "\"\\ud800\"", "\"\\ud83d\\ude00\"", "\"#\"", "\"+/x\"", "{\"rolename\":\"aa\"}", "[[[[", "]", "}", ",", ":", "\"",
    ];

    [Fact]
    public void Requests_Mutated_AreAnsweredAndWhatFailsChangesNothing()
    {
        var (random, count, seed) = Begin();
        var source = new RandomCommands(random);
        byte[][] requests =
        [
            .. DynamicSecuritySamples.Text(DynamicSecuritySamples.Transcript).Split('\n').Where(line => line.StartsWith('>')).Select(line => Encoding.UTF8.GetBytes(line[2..])),
            .. Enumerable.Range(0, 1000).Select(_ => Encoding.UTF8.GetBytes($"{{\"commands\":[{source.Next().ToJsonString()},{source.Next().ToJsonString()}]}}")),
        ];
        var world = new CommandWorld { State = Sample(DynamicSecuritySamples.File20) };
        var start = world.State;
        var (changed, failed) = (0, 0);
        for (var i = 0; i < count; i++)
        {
            var payload = Mutate(random, requests[random.Next(requests.Length)], requests);
            var before = world.State;
            try
            {
                using var answer = JsonDocument.Parse(world.Send(payload));
                var responses = answer.RootElement.GetProperty("responses");
                if (responses.EnumerateArray().All(response => response.TryGetProperty("error", out _)))
                {
                    Assert.Same(before, world.State);
                    failed++;
                }

                if (!ReferenceEquals(before, world.State))
                {
                    Assert.False(world.Change.IsEmpty);
                    StateRules.Check(world.State);
                    changed++;
                }
            }
            catch (Exception exception)
            {
                Assert.Fail($"seed {seed}, case {i}: {Convert.ToBase64String(payload)}\n{exception}");
            }

            if (i % 200 != 199) continue;
            CheckRoundTrip(world.State, seed);
            world.State = start;
        }

        output.WriteLine($"{changed} changed something, {failed} failed");
        Assert.InRange(changed, count / 100, count);
        Assert.InRange(failed, count / 5, count);
    }

    [Fact]
    public void Files_Mutated_AreReadOrRefusedWithTheLine()
    {
        var (random, count, seed) = Begin();
        string[] names = [DynamicSecuritySamples.File21, DynamicSecuritySamples.File20, DynamicSecuritySamples.Init21, DynamicSecuritySamples.Init20];
        var files = names.Select(DynamicSecuritySamples.Bytes).ToArray();
        var (read, refused) = (0, 0);
        for (var i = 0; i < count; i++)
        {
            var content = Mutate(random, files[random.Next(files.Length)], files);
            try
            {
                var state = DynamicSecurityFile.Parse(content, "f").State;
                StateRules.Check(state);
                CheckRoundTrip(state, seed);
                read++;
            }
            catch (SecurityFileException exception)
            {
                Assert.All(exception.Errors, error => Assert.StartsWith("Error: Dynamic security config \"f\", line ", error, StringComparison.Ordinal));
                refused++;
            }
            catch (Exception exception)
            {
                Assert.Fail($"seed {seed}, case {i}: {Convert.ToBase64String(content)}\n{exception}");
            }
        }

        output.WriteLine($"{read} read, {refused} refused");
        Assert.InRange(read, count / 50, count);
        Assert.InRange(refused, count / 5, count);
    }

    private static void CheckRoundTrip(DynamicSecurityState state, int seed)
    {
        var written = DynamicSecurityFileWriter.ToBytes(state);
        var file = DynamicSecurityFile.Parse(written, "f");
        Assert.True(file.Warnings.Count == 0, $"seed {seed}: {string.Join('\n', file.Warnings)}");
        var again = DynamicSecurityFileWriter.ToBytes(file.State with { FileForm = state.FileForm });
        Assert.True(written.AsSpan().SequenceEqual(again), $"seed {seed}: {Encoding.UTF8.GetString(written)}\nis read as\n{Encoding.UTF8.GetString(again)}");
    }

    private (Random Random, int Count, int Seed) Begin()
    {
        var count = Setting("NIGHTJAR_FUZZ_COUNT", 12_000);
        var seed = Setting("NIGHTJAR_FUZZ_SEED", Random.Shared.Next());
        output.WriteLine($"seed {seed}, {count} cases");
        return (new Random(seed), count, seed);
    }

    private static byte[] Mutate(Random random, byte[] original, byte[][] others)
    {
        List<byte> bytes = [.. original];
        for (var i = random.Next(1, 4); i > 0 && bytes.Count > 0; i--)
        {
            var at = random.Next(bytes.Count);
            var length = Math.Min(random.Next(1, 12), bytes.Count - at);
            switch (random.Next(8))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, length);
                    break;
                case 2:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                case 3:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 4:
                    var other = others[random.Next(others.Length)];
                    var from = random.Next(other.Length + 1);
                    bytes.InsertRange(at, other[from..Math.Min(other.Length, from + random.Next(40))]);
                    break;
                default:
                    ReplaceValue(random, bytes, at);
                    break;
            }
        }

        return [.. bytes];
    }

    // The value behind the next colon becomes another one, so that the text stays JSON more often than not.
    private static void ReplaceValue(Random random, List<byte> bytes, int at)
    {
        var colon = bytes.IndexOf((byte)':', at);
        if (colon < 0) return;
        var end = bytes.FindIndex(colon, value => value is (byte)',' or (byte)'}' or (byte)'\n');
        if (end < 0) return;
        bytes.RemoveRange(colon + 1, end - colon - 1);
        bytes.InsertRange(colon + 1, Encoding.UTF8.GetBytes(Tokens[random.Next(Tokens.Length)]));
    }

    private static DynamicSecurityState Sample(string name) => DynamicSecurityFile.Parse(DynamicSecuritySamples.Bytes(name), name).State;

    private static int Setting(string name, int value) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var given) ? given : value;
}
