using System.Text;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.Passwords;
using Xunit;

namespace Nightjar.Broker.Tests.Security.Passwords;

/// <summary>Password files as Mosquitto reads them; every fault refuses the file and is named, and no fault makes a user without a password.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class PasswordFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nightjar-").FullName;

    private static string Hash { get; } = PasswordHash.Make("secret"u8, PasswordHashForm.Pbkdf2, 3).ToString();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Parse_OfMosquittosFile_HasAllUsers()
    {
        if (!PasswordHash.IsArgon2Available) return;

        var file = PasswordFile.Parse(PasswordSamples.Lines(), "passwords");

        Assert.Equal(5, file.Count);
        foreach (var user in new[] { "pbkdf2_1000", "pbkdf2_210000", "sha512_user", "from_2_0", "argon_user" })
        {
            Assert.True(file.TryGet(user, out var entry));
            Assert.True(entry.Hash.Verify("password"u8));
        }
    }

    [Fact]
    public void Parse_OfCommentsBlankLinesAndLinesWithoutColon_SkipsThem()
    {
        var file = PasswordFile.Parse(["# x:y", "", "   ", "just text", $"  user \t: {Hash} \r", "#", $" #indented:{Hash}"], "f");

        Assert.Equal(2, file.Count);
        Assert.True(file.Contains("user"));
        Assert.True(file.Contains("#indented"));
    }

    [Fact]
    public void Parse_OfOddUserNames_KeepsThemByteForByte()
    {
        string[] names = ["+", "#", "%u", "a/b", "größe", "$SYS", "Ａ", "A", "user name"];
        var file = PasswordFile.Parse(["# the name '#' needs a blank in front", .. names.Select(name => $" {name}:{Hash}")], "f");

        Assert.All(names, name => Assert.True(file.Contains(name), name));
        Assert.False(file.Contains("a"));
        Assert.Equal(names.Length, file.Count);
    }

    [Theory]
    [InlineData(":HASH", "Error: Empty username in password file 'f'.")]
    [InlineData("  :HASH", "Error: Empty username in password file 'f'.")]
    [InlineData("u:", "Error: Invalid line in password file 'f': u")]
    [InlineData("u:   ", "Error: Invalid line in password file 'f': u")]
    [InlineData("u:\r", "Error: Invalid line in password file 'f': u")]
    [InlineData("u:plain", "Error: Unable to decode line in password file 'f'.")]
    [InlineData("u:HASH:x", "Error: Unable to decode line in password file 'f'.")]
    [InlineData("u:HASH HASH", "Error: Unable to decode line in password file 'f'.")]
    [InlineData("u:$6$", "Error: Unable to decode line in password file 'f'.")]
    [InlineData("u::HASH", "Error: Unable to decode line in password file 'f'.")]
    [InlineData("u\0v:HASH", "Error: Invalid line in password file 'f', username contains a control character.")]
    [InlineData("u:HASH\0", "Error: Unable to decode line in password file 'f'.")]
    [InlineData("u\u001b[31m:HASH", "Error: Invalid line in password file 'f', username contains a control character.")]
    public void Parse_OfAWrongLine_NamesFileAndLineInMosquittosWords(string line, string message)
    {
        var exception = Assert.Throws<SecurityFileException>(() => PasswordFile.Parse(["# first", line.Replace("HASH", Hash, StringComparison.Ordinal)], "f"));

        var error = Assert.Single(exception.Errors);
        Assert.StartsWith(message + " Error found at f:2.", error, StringComparison.Ordinal);
        Assert.DoesNotContain("plain", error.Replace("plain text", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_OfSeveralWrongLines_NamesAllOfThem()
    {
        var exception = Assert.Throws<SecurityFileException>(() => PasswordFile.Parse([$"a:{Hash}", "b:", $"a:{Hash}", $":{Hash}", "c:x"], "f"));

        Assert.Equal(4, exception.Errors.Count);
        Assert.Contains("f:2.", exception.Errors[0], StringComparison.Ordinal);
        Assert.StartsWith("Error: Duplicate user 'a' in password file 'f'. Error found at f:3. The first one is in line 1.", exception.Errors[1], StringComparison.Ordinal);
        Assert.Contains("f:4.", exception.Errors[2], StringComparison.Ordinal);
        Assert.Contains("f:5.", exception.Errors[3], StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_OfASecondEntryAfterABrokenOne_IsStillADuplicate()
    {
        var exception = Assert.Throws<SecurityFileException>(() => PasswordFile.Parse(["a:", $"a:{Hash}"], "f"));

        Assert.Equal(2, exception.Errors.Count);
    }

    [Fact]
    public void Read_OfArgon2WithoutTheLibrary_IsAnErrorOfThatLine()
    {
        var lines = Encoding.UTF8.GetBytes(string.Join('\n', PasswordSamples.Lines()));

        var exception = Assert.Throws<SecurityFileException>(() => PasswordFileReader.Read(lines, "f", [], hasArgon2: false));

        var error = Assert.Single(exception.Errors);
        Assert.Contains("f:5. User 'argon_user': argon2id needs libargon2.so.1", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OfBytesThatAreNotUtf8_RefusesUserNamesButNotComments()
    {
        var path = Write("bad", [.. "# caf"u8, 0xE9, (byte)'\n', .. "caf"u8, 0xE9, (byte)':', .. Encoding.ASCII.GetBytes(Hash)]);

        var exception = Assert.Throws<SecurityFileException>(() => PasswordFile.Load(path));

        Assert.StartsWith($"Error: Invalid line in password file '{path}', username is not valid UTF-8. Error found at {path}:2.", Assert.Single(exception.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OfWindowsLinesWithByteOrderMark_Works()
    {
        var path = Write("crlf", [0xEF, 0xBB, 0xBF, .. Encoding.ASCII.GetBytes($"a:{Hash}\r\nb:{Hash}\r\n\r\n")]);

        var file = PasswordFile.Load(path);

        Assert.Equal(2, file.Count);
        Assert.True(file.Contains("a") && file.Contains("b"));
    }

    [Fact]
    public void Load_OfAnEmptyFile_HasNobody() => Assert.Equal(0, PasswordFile.Load(Write("empty", [])).Count);

    [Fact]
    public void Load_ThroughASymbolicLink_Works()
    {
        var link = Path.Combine(_folder, "link");
        File.CreateSymbolicLink(link, "other-link");
        File.CreateSymbolicLink(Path.Combine(_folder, "other-link"), Write("real", Encoding.ASCII.GetBytes($"a:{Hash}")));

        Assert.True(PasswordFile.Load(link).Contains("a"));
    }

    [Fact]
    public void Load_OfWhatIsNoReadableFile_SaysSo()
    {
        var missing = Path.Combine(_folder, "missing");
        var loop = Path.Combine(_folder, "loop");
        File.CreateSymbolicLink(loop, loop);

        Assert.StartsWith($"Error: Unable to open pwfile \"{missing}\".", Failure(missing), StringComparison.Ordinal);
        Assert.Equal($"Error: Unable to open pwfile \"{_folder}\". It is not a regular file.", Failure(_folder));
        Assert.StartsWith($"Error: Unable to open pwfile \"{loop}\".", Failure(loop), StringComparison.Ordinal);
        Assert.Equal("Error: Unable to open pwfile \"/dev/zero\". It is not a regular file.", Failure("/dev/zero"));
        Assert.StartsWith("Error: Unable to open pwfile \"a\0b\".", Failure("a\0b"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite, false)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead, true)]
    public void Load_OfAFileThatEverybodyCanRead_Warns(UnixFileMode mode, bool warns)
    {
        var path = Write("modes", Encoding.ASCII.GetBytes($"a:{Hash}"));
        File.SetUnixFileMode(path, mode);

        var warnings = PasswordFile.Load(path).Warnings;

        Assert.Equal(warns ? [$"Warning: File {path} has world readable permissions. To fix this, use `chmod 0600 {path}`."] : [], warnings);
    }

    [Fact]
    public void Dummy_OfAFile_IsOfTheFormMostUsersHave()
    {
        var file = PasswordFile.Parse([PasswordSamples.Line("a", "x", 11), PasswordSamples.Line("b", "x", 12), PasswordSamples.Line("c", "x", 12)], "f");

        Assert.Equal((PasswordHashForm.Pbkdf2, 12), (file.Dummy.Form, file.Dummy.Iterations));
        Assert.Equal(PasswordHash.DefaultIterations, PasswordFile.Parse([], "f").Dummy.Iterations);
    }

    private static string Failure(string path) => Assert.Single(Assert.Throws<SecurityFileException>(() => PasswordFile.Load(path)).Errors);

    private string Write(string name, byte[] content)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, content);
        return path;
    }
}
