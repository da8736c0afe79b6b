using System.Text;
using System.Text.Json;
using Nightjar.Host.Verbs;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Host.Tests.Verbs;

/// <summary><c>nightjar store</c> as a user sees it: what it prints and with what it ends.</summary>
public sealed class StoreVerbTests : IDisposable
{
    private static readonly string Samples = Path.Combine(RepositoryTree.Root, "tests/Nightjar.Storage.Tests/Mosquitto/Samples");
    private readonly FakeTimeProvider _time = new();
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("mosquitto-2.0.db", "mosquitto.db, format 6")]
    [InlineData("mosquitto-2.1.sqlite3", "mosquitto.sqlite3, schema 1.1.0")]
    public async Task Check_OfAGoodFile_SaysWhatIsInIt(string name, string format)
    {
        var (code, output, error) = await RunAsync("check", Path.Combine(Samples, name));
        Assert.Equal((0, ""), (code, error));
        Assert.Contains(format, output, StringComparison.Ordinal);
        Assert.Contains("  3 sessions", output, StringComparison.Ordinal);
        Assert.Contains("  15 deliveries: 15 queued, 0 sent, 0 received", output, StringComparison.Ordinal);
        Assert.Contains("  5 retained messages", output, StringComparison.Ordinal);
        Assert.EndsWith("The store is good.\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_ThenCheckDumpAndStats_OfTheStoreMade()
    {
        var target = Path.Combine(_folder.Path, "nightjar.db");
        var (code, output, error) = await RunAsync("import", Path.Combine(Samples, "mosquitto-2.1.sqlite3"), "--to", target);
        Assert.Equal((0, ""), (code, error));
        Assert.StartsWith($"Imported from mosquitto.sqlite3, schema 1.1.0 into {target}:\n  3 sessions\n  5 subscriptions, 1 of them shared\n", output, StringComparison.Ordinal);

        (code, output, _) = await RunAsync("check", target);
        Assert.Equal(0, code);
        Assert.EndsWith("The store is good.\n", output, StringComparison.Ordinal);

        (code, output, _) = await RunAsync("stats", target, "--json");
        Assert.Equal(0, code);
        using (var stats = JsonDocument.Parse(output))
        {
            Assert.Equal(15, stats.RootElement.GetProperty("counts").GetProperty("queued").GetInt32());
            Assert.Equal("durable-v311", stats.RootElement.GetProperty("longest")[0].GetProperty("client_id").GetString());
        }

        (code, output, _) = await RunAsync("dump", target, "--json");
        Assert.Equal(0, code);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(9 + 5 + 3 + 5 + 15, lines.Count);
        var fire = lines.Single(line => line.GetProperty("kind").GetString() == "message" && line.GetProperty("topic").GetString() == "alarm/fire");
        Assert.Equal("wärme äöü ✓", fire.GetProperty("payload").GetString());

        (code, output, _) = await RunAsync("dump", target);
        Assert.Equal(0, code);
        Assert.Contains("\nsubscription client=\"durable-v5\" filter=\"$share/g/jobs\" qos=2\n", output, StringComparison.Ordinal);
        Assert.Contains("topic=\"orders/1\" qos=1 publisher=", output, StringComparison.Ordinal);
        Assert.Contains("payload=\"{\\\"n\\\":1}\"", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_OverAStore_IsRefused()
    {
        var target = Path.Combine(_folder.Path, "nightjar.db");
        await RunAsync("import", Path.Combine(Samples, "mosquitto-2.0.db"), "--to", target);
        var (code, _, error) = await RunAsync("import", Path.Combine(Samples, "mosquitto-2.0.db"), "--to", target);
        Assert.Equal((1, $"Error: {target}: the file is there. Name another one, or say --replace to put it aside.\n"), (code, error));
    }

    [Fact]
    public async Task Import_LongAfter_SaysWhatHasExpired()
    {
        _time.JumpWallClock(TimeSpan.FromDays(3650));
        var (code, output, _) = await RunAsync("import", Path.Combine(Samples, "mosquitto-2.0.db"), "--to", Path.Combine(_folder.Path, "s.db"));
        Assert.Equal(0, code);
        Assert.EndsWith("Not imported, because it has expired:\n  1 sessions (durable-v5-hour) with 2 deliveries\n", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("check")]
    [InlineData("dump")]
    [InlineData("stats")]
    [InlineData("import")]
    public async Task DamagedFile_IsNamedWithItsPlace(string command)
    {
        var file = Path.Combine(_folder.Path, "mosquitto.db");
        await File.WriteAllBytesAsync(file, (await File.ReadAllBytesAsync(Path.Combine(Samples, "mosquitto-2.0.db")))[..500]);
        var (code, _, error) = await RunAsync(command, file);
        Assert.Equal((1, $"Error: {file}: byte 47: a chunk of kind 2 says it has 70085 bytes, and 445 are left: the file is cut off, or damaged here.\n"), (code, error));
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task FileThatIsNotThere_IsNamed()
    {
        var (code, _, error) = await RunAsync("check", Path.Combine(_folder.Path, "none"));
        Assert.Equal(1, code);
        Assert.Contains("none", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Unknown command 'nightjar store look'", "look", "x")]
    [InlineData("needs one FILE, and 0 are given", "check")]
    [InlineData("needs one FILE, and 2 are given", "dump", "a", "b")]
    [InlineData("Unknown option '--json' for 'nightjar store check'", "check", "a", "--json")]
    [InlineData("Unknown option '--replace' for 'nightjar store dump'", "dump", "a", "--replace")]
    [InlineData("--to argument given but no value", "import", "a", "--to")]
    public async Task WrongOptions_AreNamed(string message, params string[] args)
    {
        var (code, _, error) = await RunAsync(args);
        Assert.Equal(3, code);
        Assert.Contains(message, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Exit codes: 0 done and good, 1 damaged")]
    [InlineData("a line a thing", "dump", "--help")]
    [InlineData("All or nothing", "import", "-h")]
    public async Task Help_IsThere(string text, params string[] args)
    {
        var (code, output, _) = await RunAsync(args);
        Assert.Equal(0, code);
        Assert.Contains(text, output, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        using var output = new MemoryStream();
        await using var error = new StringWriter { NewLine = "\n" };
        var code = await StoreVerb.RunAsync(args, output, error, _time);
        return (code, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }
}
