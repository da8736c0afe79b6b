using System.Text.RegularExpressions;
using Nightjar.Broker.Security.DynamicSecurity;
using Xunit;

namespace Nightjar.Broker.Tests.Security.DynamicSecurity;

/// <summary>The same requests to the same file have the answers, byte for byte, and leave the file that Mosquitto 2.0.11 gave and left.</summary>
public sealed partial class TranscriptTests
{
    [Fact]
    public void Requests_OfATranscriptOfMosquitto_HaveItsAnswersAndLeaveItsFile()
    {
        var world = new CommandWorld { State = DynamicSecurityFile.Parse(DynamicSecuritySamples.Bytes(DynamicSecuritySamples.Init20), "f").State };
        string? request = null;
        var (answers, files, defects) = (0, 0, 0);
        foreach (var line in DynamicSecuritySamples.Text(DynamicSecuritySamples.Transcript).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            switch (line[0])
            {
                case '>':
                    request = line[2..];
                    break;
                case '<':
                    var answer = As20(world.Send(request!));
                    if (IsDefectOf20(line)) defects++;
                    else Assert.Equal((request, line[2..]), (request, answer));
                    Assert.Equal(line.Contains("error", StringComparison.Ordinal) && !IsDefectOf20(line), answer.Contains("error", StringComparison.Ordinal));
                    StateRules.Check(world.State);
                    answers++;
                    break;
                default:
                    var written = System.Text.Encoding.UTF8.GetString(DynamicSecurityFileWriter.ToBytes(world.State));
                    Assert.Equal(WithoutHashes(DynamicSecuritySamples.Text(DynamicSecuritySamples.File20)), WithoutHashes(written));
                    files++;
                    break;
            }
        }

        Assert.True(answers > 300);
        Assert.Equal(1, files);
        Assert.Equal(2, defects);
    }

    // 2.1 added allowwildcardsubs and connections.
    private static string As20(string answer) =>
        answer.Replace("\"allowwildcardsubs\":true,", "", StringComparison.Ordinal).Replace(",\"connections\":[]", "", StringComparison.Ordinal);

    // A client whose role was deleted cannot be shown any more by 2.0.11.
    private static bool IsDefectOf20(string line) =>
        line is """< {"responses":[{"command":"getClient","error":"Internal error"}]}""" or """< {"responses":[{"command":"listClients","error":"Internal error"}]}""";

    private static string WithoutHashes(string file) => Hashes().Replace(file, "$1");

    [GeneratedRegex("(\"(?:password|salt|iterations)\":\t)[^\n]*")]
    private static partial Regex Hashes();
}
