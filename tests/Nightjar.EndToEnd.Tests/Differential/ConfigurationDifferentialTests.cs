using System.Text.RegularExpressions;
using Nightjar.EndToEnd.Tests.Tools;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Differential;

/// <summary>Configuration files, right and wrong, under Mosquitto and under Nightjar: the same line is blamed for the same reason.</summary>
[Collection(AloneCollection.Name)]
public sealed partial class ConfigurationDifferentialTests : IDisposable
{
    private const int Files = 400;

    // The same files every time: what a new one finds is work for whoever looks, with NIGHTJAR_TEST_SEED, not for whoever changes something else.
    private const int DefaultSeed = 849932292;
    private readonly string _folder = Directory.CreateTempSubdirectory("nightjar-differential-").FullName;

    // Where 2.1, which Nightjar follows, differs from the 2.0 that distributions have: patterns for what each says. The first that fits settles it.
    private static readonly (string Their, string Our, string Why)[] s_known =
    [
        ("Invalid bridge configuration", "requires a bridge to be defined first", "2.1 names the option"),
        ("", "value not a number|value out of range", "2.1 takes numbers only, 2.0 what it can make of the beginning of a text"),
        ("", "option requires a listener to be defined first", "2.1 has options that need a listener; 2.0 takes some of them for the default listener, and has other words for the rest"),
        ("", "Invalid 'tls_(version|keyform)'", "2.1 looks at the value when it reads it, 2.0 when it makes the listener"),
        ("(Empty|Duplicate|Invalid) bridge ", "(Empty|Duplicate|Invalid) '", "2.1 names the option"),
        ("^Error: Empty", "^Error: Empty", "2.0 says so of some options and reads on"),
        ("must provide a Unix socket path|Invalid port value", "", "2.1 reads numbers as C does (0x10)"),
        ("Duplicate (certfile|keyfile|cafile|capath|crlfile|ciphers|ciphers_tls1.3|mount_point|psk_hint|clientid_prefixes|acl_file|password_file|psk_file|user) value", "", "2.1 takes the last, because a reload reads them anew"),
        ("Out of memory", "", "2.0 says so of an option that it has twice"),
        ("Cannot use both certificate and psk encryption", "", "2.1 looks for certfile, and when the listener is complete"),
        ("Invalid max_keepalive value", "", "2.0 wants at least 10"),
        ("", "'max_qos' must be between 0 and 2", "2.1 takes numbers only, 2.0 what it can make of the beginning of a text"),
        ("must use create a listener before", "", "2.1 counts the default listener that an earlier option made"),
        ("Error resolving bridge address", "", "2.0 resolves names when it reads them, and ends where there is no resolver"),
        ("\t", "", "2.1 takes tabs away at the end of a value"),
    ];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary><c>NIGHTJAR_TEST_SEED</c> tries other files.</summary>
    [RequiresToolFact("mosquitto")]
    public async Task Files_UnderBothBrokers_AreBlamedForTheSame()
    {
        var seed = TestSeed.Next(DefaultSeed);
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
            if (IsSame(their, our)) continue;
            var difference = $"Mosquitto {their} {LineOf(lines, their)}\nNightjar  {our} {LineOf(lines, our)}";
            var kind = $"{Words(their.Error)} | {Words(our.Error)}";
            differences[kind] = (differences.GetValueOrDefault(kind).Count + 1, difference);
        }

        Assert.True(differences.Count == 0, $"seed {seed}: {differences.Values.Sum(kind => kind.Count)} of {Files} files differ\n{string.Join("\n\n", differences.Values.Select(kind => $"{kind.Count} like {kind.Example}"))}");
    }

    private static bool IsSame(StartAttempt their, StartAttempt our) =>
        (their.ExitCode == our.ExitCode && their.Line == our.Line && Words(their.Error) == Words(our.Error))
        || (their.ExitCode == our.ExitCode && s_known.Any(known => Regex.IsMatch(their.Error, known.Their) && Regex.IsMatch(our.Error, known.Our)));

    private static string LineOf(string[] lines, StartAttempt attempt) => attempt.Line == 0 ? "" : lines[attempt.Line - 1];

    // 2.0 quotes with ", 2.1 with '.
    private static string Words(string error) => Quote().Replace(error, "");

    [GeneratedRegex("['\"]")]
    private static partial Regex Quote();
}
