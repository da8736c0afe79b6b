using System.Text.RegularExpressions;
using Nightjar.EndToEnd.Tests.Tools;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Differential;

/// <summary>Configuration files, right and wrong, under Mosquitto and under Nightjar: the same line is blamed for the same reason.</summary>
public sealed partial class ConfigurationDifferentialTests : IDisposable
{
    private const int Files = 400;
    private readonly string _folder = Directory.CreateTempSubdirectory("nightjar-differential-").FullName;

    // Where 2.1, which Nightjar follows, differs from the 2.0 that distributions have, and where Nightjar decided otherwise (config/differences.md):
    // a pattern for Mosquitto's line, a space, what stands in the blamed line. The first that fits settles it.
    private static readonly (string Their, string Line, string Why)[] s_known =
    [
    ];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary><c>NIGHTJAR_TEST_SEED</c> repeats a run.</summary>
    [RequiresToolFact("mosquitto")]
    public async Task Files_UnderBothBrokers_AreBlamedForTheSame()
    {
        var seed = TestSeed.Next();
        var random = new Random(seed);
        var differences = new SortedDictionary<string, (int Count, string Example)>(StringComparer.Ordinal);
        for (var i = 0; i < Files; i++)
        {
            var lines = ConfigurationMutation.Make(random);
            var path = Path.Combine(_folder, "mosquitto.conf");
            await File.WriteAllLinesAsync(path, lines);
            AccessSetup.MakeReadable(path, "644");
            var their = await StartAttempt.OfMosquittoAsync(path);
            var our = await StartAttempt.OfNightjarAsync(path);
            if (IsSame(their, our, lines)) continue;
            var difference = $"Mosquitto {their} {LineOf(lines, their)}\nNightjar  {our} {LineOf(lines, our)}";
            var kind = $"{Words(their.Error)} | {Words(our.Error)}";
            differences[kind] = (differences.GetValueOrDefault(kind).Count + 1, difference);
        }

        Assert.True(differences.Count == 0, $"seed {seed}: {differences.Values.Sum(kind => kind.Count)} of {Files} files differ\n{string.Join("\n\n", differences.Values.Select(kind => $"{kind.Count} like {kind.Example}"))}");
    }

    private static bool IsSame(StartAttempt their, StartAttempt our, string[] lines)
    {
        if (their.ExitCode == our.ExitCode && their.Line == our.Line && Words(their.Error) == Words(our.Error)) return true;
        var theirLine = LineOf(lines, their);
        var ourLine = LineOf(lines, our);
        return s_known.Any(known => Regex.IsMatch(their.Error, known.Their) && (Regex.IsMatch(theirLine, known.Line) || Regex.IsMatch(ourLine, known.Line)));
    }

    private static string LineOf(string[] lines, StartAttempt attempt) => attempt.Line == 0 ? "" : lines[attempt.Line - 1];

    // 2.0 quotes with ", 2.1 with '.
    private static string Words(string error) => Quote().Replace(error, "");

    [GeneratedRegex("['\"]")]
    private static partial Regex Quote();
}
