using System.Globalization;
using Nightjar.EndToEnd.Tests.Tools;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Differential;

/// <summary>Malformed password and access files under Mosquitto and under Nightjar.</summary>
[Collection(AloneCollection.Name)]
public sealed class SecurityFileDifferentialTests : IDisposable
{
    private const string Hash = "$7$101$c2FsdHNhbHRzYWx0$C7b1nCbTpI3rEp/8IEW2WPhbNLtgIMpfWLmgF0TIyuGoX6rIYyWQFfPB0eYpSJYWcoN5DY7RYgq0mBlOdUVbSA==";
    private const string OldHash = "$6$c2FsdHNhbHRzYWx0$C7b1nCbTpI3rEp/8IEW2WPhbNLtgIMpfWLmgF0TIyuGoX6rIYyWQFfPB0eYpSJYWcoN5DY7RYgq0mBlOdUVbSA==";
    private readonly string _folder = Directory.CreateTempSubdirectory("nightjar-differential-").FullName;

    public SecurityFileDifferentialTests() => AccessSetup.MakeReadable(_folder, "755");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // 2.0 leaves a user with a malformed line out and starts; 2.1, and Nightjar, refuse the file.
    [RequiresToolTheory("mosquitto")]
    [InlineData("", true, true)]
    [InlineData("a:" + Hash, true, true)]
    [InlineData("a:" + OldHash, true, true)]
    [InlineData("# comment\n\na:" + Hash, true, true)]
    [InlineData("nocolon\na:" + Hash, true, true)]
    [InlineData("a:" + Hash + "\r\nb:" + Hash + "\r", true, true)]
    [InlineData("  a  :  " + Hash, true, true)]
    [InlineData(":" + Hash, true, false)]
    [InlineData("a:", true, false)]
    [InlineData("a:plain", true, false)]
    [InlineData("a:$", true, false)]
    [InlineData("a:$5$x$y", true, false)]
    [InlineData("a:$6$", true, false)]
    [InlineData("a:$6$x", true, false)]
    [InlineData("a:$7$", true, false)]
    [InlineData("a:$7$101$c2FsdHNhbHRzYWx0$", true, false)]
    [InlineData("a:$7$0$c2FsdHNhbHRzYWx0$AAAA", true, false)]
    [InlineData("a:$7$-5$c2FsdHNhbHRzYWx0$AAAA", true, false)]
    [InlineData("a:$7$101$c2FsdHNhbHRzYWx0$AAAA", true, false)]
    [InlineData("a:$7$101$!!$AAAA", true, false)]
    [InlineData("a:" + Hash + "\na:" + Hash, true, false)]
    public Task PasswordFile_ThatIsMalformed_IsRefused(string content, bool accepted20, bool accepted) => CompareAsync("password_file", content, accepted20, accepted);

    [RequiresToolTheory("mosquitto")]
    [InlineData("", true)]
    [InlineData("# comment\n\ntopic a", true)]
    [InlineData("topic read a\nuser x\ntopic write b\npattern readwrite c/%u", true)]
    [InlineData("topic read a b", true)]
    [InlineData("topic a b", false)]
    [InlineData("topic reads a", false)]
    [InlineData("topic READ a", false)]
    [InlineData("topic", false)]
    [InlineData("pattern", false)]
    [InlineData("user", false)]
    [InlineData("user ", false)]
    [InlineData("topics a", false)]
    [InlineData("nonsense", false)]
    [InlineData("topic read a/#/b", false)]
    [InlineData("topic read a#", false)]
    [InlineData("topic read a+", false)]
    [InlineData("pattern deny +x", false)]
    [InlineData("topic deny a", true)]
    [InlineData("  topic read a", true)]
    [InlineData("topic  read  a", true)]
    [InlineData("topic read a\r\nuser b\r", true)]
    public Task AccessFile_UnderBothBrokers_IsAcceptedOrRefusedAlike(string content, bool accepted) => CompareAsync("acl_file", content, accepted, accepted);

    private async Task CompareAsync(string option, string content, bool accepted20, bool accepted)
    {
        var file = Write("file", content.Length == 0 ? "" : content + "\n");
        using var taken = StartAttempt.TakePort(out var port);
        var configuration = Write("mosquitto.conf", string.Create(CultureInfo.InvariantCulture, $"listener {port} 127.0.0.1\n{option} {file}\n"));
        var their = await StartAttempt.OfMosquittoAsync(configuration);
        var our = await StartAttempt.OfNightjarAsync(configuration);
        // Mosquitto gets as far as the address that is taken, and ends with 1 then.
        Assert.True((their.ExitCode == 1) == accepted20, $"Mosquitto: {their}");
        Assert.True((our.ExitCode == 0) == accepted, $"Nightjar: {our}, Mosquitto: {their}");
        if (!accepted) Assert.Equal(3, our.ExitCode);
    }

    private string Write(string name, string content)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        AccessSetup.MakeReadable(path, "644");
        return path;
    }
}
