using System.Diagnostics;
using System.Globalization;
using Nightjar.Broker.Security.DynamicSecurity;
using Nightjar.DynamicSecurityChild;
using Xunit;
using Xunit.Abstractions;

namespace Nightjar.Broker.Tests.Security.DynamicSecurity;

/// <summary>
/// A process that changes the file is killed at any moment: the file loads, holds every change that was answered, and holds changes whole. <c>NIGHTJAR_DYNSEC_KILLS</c> sets how often (20; a full
/// run is 200), <c>NIGHTJAR_DYNSEC_SEED</c> repeats the moments, as far as moments can be repeated.
/// </summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class CrashTests(ITestOutputHelper output) : IDisposable
{
    private const int ClientsBefore = 300;
    private const int MostAnswers = 80;
    private readonly string _folder = Directory.CreateTempSubdirectory("nightjar-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task File_WhenItsWriterIsKilled_HoldsEveryChangeThatWasAnswered()
    {
        var kills = Setting("NIGHTJAR_DYNSEC_KILLS", 20);
        var seed = Setting("NIGHTJAR_DYNSEC_SEED", Random.Shared.Next());
        output.WriteLine($"seed {seed}, {kills} kills");
        var random = new Random(seed);
        var (answered, beyond, leftovers) = (0, 0, 0);
        for (var i = 0; i < kills; i++)
        {
            var path = Path.Combine(_folder, $"{i}.json");
            await File.WriteAllBytesAsync(path, DynamicSecurityFileWriter.ToBytes(Before()));
            var last = await RunAndKillAsync(path, random.Next(MostAnswers), random.Next(4000));

            var file = DynamicSecurityFile.Load(path);
            Assert.Empty(file.Warnings);
            StateRules.Check(file.State);
            var counter = int.Parse(file.State.Roles["counter"].TextName!, CultureInfo.InvariantCulture);
            Assert.True(counter >= last, $"seed {seed}, kill {i}: {last} was answered, the file has {counter}");
            Assert.Equal(ClientsBefore + counter + 1, file.State.Clients.Count);
            Assert.Equal(counter + 1, file.State.Groups["g"].Clients.Count);
            answered += last + 1;
            if (counter > last) beyond++;
            if (File.Exists(path + ".new")) leftovers++;
        }

        output.WriteLine($"{answered} changes answered; {beyond} times the file had more, {leftovers} times half a file beside it");
        Assert.True(answered > kills);
    }

    private static DynamicSecurityState Before()
    {
        var world = new CommandWorld().With("""{"command":"createRole","rolename":"counter","textname":"-1"}""", """{"command":"createGroup","groupname":"g"}""");
        for (var i = 0; i < ClientsBefore; i++) world.With($$"""{"command":"createClient","username":"before{{i}}","password":"p"}""");
        return world.State;
    }

    // The kill comes some microseconds behind an answer, so that it meets every step of the next write.
    private static async Task<int> RunAndKillAsync(string path, int answers, int microseconds)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, path]) { RedirectStandardOutput = true };
        // A killed process would leave the pipes and the socket of its diagnostics in the temporary folder.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        using var process = Process.Start(start)!;
        var last = -1;
        while (last < answers) last = Number(await process.StandardOutput.ReadLineAsync());
        var until = Stopwatch.GetTimestamp() + (long)(microseconds * (Stopwatch.Frequency / 1e6));
        while (Stopwatch.GetTimestamp() < until) Thread.SpinWait(20);
        process.Kill();
        while (await process.StandardOutput.ReadLineAsync() is { Length: > 0 } line)
        {
            // The last line may be cut.
            if (int.TryParse(line, CultureInfo.InvariantCulture, out var number) && number == last + 1) last = number;
        }

        await process.WaitForExitAsync();
        return last;
    }

    private static int Number(string? line) =>
        int.TryParse(line, CultureInfo.InvariantCulture, out var number) ? number : throw new InvalidOperationException($"The process answered: {line}");

    private static int Setting(string name, int value) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var given) ? given : value;
}
