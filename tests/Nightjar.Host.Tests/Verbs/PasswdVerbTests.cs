using System.Text;
using Nightjar.Broker.Security.Passwords;
using Nightjar.Host.Verbs;
using Xunit;

namespace Nightjar.Host.Tests.Verbs;

/// <summary>nightjar passwd: mosquitto_passwd's options, messages and exit codes, without its accidents.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class PasswdVerbTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nightjar-").FullName;
    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly StringWriter _error = new() { NewLine = "\n" };

    private string FilePath => Path.Combine(_folder, "passwords");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Create_InBatchMode_MakesAFileForItsOwner()
    {
        Assert.Equal(0, Run("-c", "-b", FilePath, "roger", "pässword"));

        Assert.Equal("Adding password for user roger\n", _output.ToString());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
        Assert.StartsWith("roger:$7$210000$", File.ReadAllText(FilePath), StringComparison.Ordinal);
        AssertUsers(("roger", "pässword"));
        Assert.Equal([FilePath], Directory.GetFiles(_folder));
    }

    [Fact]
    public void Create_OverAFileThatExists_OverwritesItAndKeepsItsMode()
    {
        File.WriteAllText(FilePath, "old:x\n");
        File.SetUnixFileMode(FilePath, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);

        Assert.Equal(0, Run("-I", "5", "-c", "-b", FilePath, "new", "p"));

        AssertUsers(("new", "p"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(FilePath));
    }

    [Fact]
    public void AddUpdateDelete_OfUsers_LeaveTheOtherLinesAsTheyAre()
    {
        var other = "# größe\n\nno colon\n  spaced : " + PasswordHash.Make("x"u8, PasswordHashForm.Pbkdf2, 3);
        File.WriteAllText(FilePath, other);

        Assert.Equal(0, Run("-I", "5", "-b", FilePath, "a", "1"));
        Assert.Equal(0, Run("-I", "5", "-b", FilePath, "b", "2"));
        Assert.Equal(0, Run("-I", "5", "-b", FilePath, "a", "3"));
        Assert.Equal("Adding password for user a\nAdding password for user b\nUpdating password for user a\n", _output.ToString());
        AssertUsers(("spaced", "x"), ("a", "3"), ("b", "2"));
        Assert.Equal(0, Run("-D", FilePath, "a"));
        Assert.Equal(0, Run("-D", FilePath, "b"));

        Assert.Equal(other + "\n", File.ReadAllText(FilePath));
        Assert.Equal([FilePath], Directory.GetFiles(_folder));
    }

    [Fact]
    public void Delete_OfNobody_WarnsAndFails()
    {
        File.WriteAllText(FilePath, "");

        Assert.Equal(1, Run("-D", FilePath, "nobody"));

        Assert.Equal("Warning: User nobody not found in password file.\n", _error.ToString());
    }

    [Fact]
    public void Set_OfAUserWithTwoLines_LeavesOne()
    {
        var hash = PasswordHash.Make("x"u8, PasswordHashForm.Pbkdf2, 3);
        File.WriteAllText(FilePath, $"a:{hash}\nb:{hash}\na:{hash}\n");

        Assert.Equal(0, Run("-I", "5", "-b", FilePath, "a", "1"));

        AssertUsers(("a", "1"), ("b", "x"));
    }

    [Fact]
    public void UpdateFile_OfPlainText_HashesItOnceAndKeepsComments()
    {
        File.WriteAllText(FilePath, "# a comment: with colon\n\nroger:password\r\nsub:with:colon\nhashed:" + PasswordHash.Make("kept"u8, PasswordHashForm.Sha512) + "\nlast:größe");

        Assert.Equal(0, Run("-I", "5", "-U", FilePath));
        var once = File.ReadAllText(FilePath);
        Assert.Equal(0, Run("-I", "5", "-U", FilePath));

        Assert.Equal(once, File.ReadAllText(FilePath));
        Assert.StartsWith("# a comment: with colon\n\nroger:$7$5$", once, StringComparison.Ordinal);
        AssertUsers(("roger", "password"), ("sub", "with:colon"), ("hashed", "kept"), ("last", "größe"));
    }

    [Theory]
    [InlineData("a:x\nb:\n", 2)]
    [InlineData("a:x\n:y\n", 2)]
    [InlineData("$:$7$5$x$y\n", 1)]
    public void UpdateFile_OfAnImpossibleLine_ChangesNothing(string content, int line)
    {
        File.WriteAllText(FilePath, content);

        Assert.Equal(1, Run("-I", "5", "-U", FilePath));

        Assert.Equal($"Error: Corrupt password file at line {line}.\n", _error.ToString());
        Assert.Equal(content, File.ReadAllText(FilePath));
    }

    [Fact]
    public void Set_InAFileWithACorruptLine_RepairsOnlyThatUser()
    {
        File.WriteAllText(FilePath, "a:\n");

        Assert.Equal(1, Run("-I", "5", "-b", FilePath, "b", "2"));
        Assert.Equal(0, Run("-I", "5", "-b", FilePath, "a", "1"));

        Assert.Equal("Error: Corrupt password file at line 1.\n", _error.ToString());
        AssertUsers(("a", "1"));
    }

    [Fact]
    public void Create_OnTheStandardOutput_WritesNothingElseThere()
    {
        Assert.Equal(0, Run("-I", "5", "-c", "-b", "-", "u", "p"));

        var file = PasswordFile.Parse(_output.ToString().Split('\n'), "-");
        Assert.Equal(1, file.Count);
        Assert.Equal("Adding password for user u\n", _error.ToString());
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Theory]
    [InlineData("sha512", "u:$6$")]
    [InlineData("sha512-pbkdf2", "u:$7$5$")]
    public void Hash_ByName_IsTheFormWritten(string name, string start)
    {
        Assert.Equal(0, Run("-H", name, "-I", "5", "-c", "-b", FilePath, "u", "p"));

        Assert.StartsWith(start, File.ReadAllText(FilePath), StringComparison.Ordinal);
        AssertUsers(("u", "p"));
    }

    [Fact]
    public void Hash_WithArgon2id_IsWrittenWhereThePlatformHasIt()
    {
        var code = Run("-H", "argon2id", "-c", "-b", FilePath, "u", "p");

        Assert.Equal(PasswordHash.IsArgon2Available ? 0 : 10, code);
        if (code == 0) Assert.StartsWith("u:$argon2id$v=19$m=47104,t=1,p=1$", File.ReadAllText(FilePath), StringComparison.Ordinal);
        else Assert.StartsWith("Error: Unable to hash password.", _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("one one", 0, "Password: |Reenter password: ", "")]
    [InlineData("one two", 2, "Password: |Reenter password: ", "Error: Passwords do not match.\n")]
    [InlineData("", 1, "Password: ", "Error: Empty password.\n")]
    [InlineData("one", 1, "Password: |Reenter password: ", "Error: Empty password.\n")]
    public void Prompts_AskTwiceAndCompare(string answers, int code, string prompts, string message)
    {
        var left = new Queue<string>(answers.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        List<string> asked = [];

        var result = PasswdVerb.Run(["-I", "5", "-c", FilePath, "u"], Ask, _output, _error);

        Assert.Equal(code, result);
        Assert.Equal(prompts, string.Join('|', asked));
        Assert.Equal(message, _error.ToString());
        Assert.Equal(code == 0, File.Exists(FilePath));

        string? Ask(string prompt, TextWriter to)
        {
            Assert.Same(_output, to);
            asked.Add(prompt);
            return left.TryDequeue(out var answer) ? answer : null;
        }
    }

    [Theory]
    [InlineData("Error: -c and -D cannot be used together.", "-c", "-D", "f", "u")]
    [InlineData("Error: -c and -U cannot be used together.", "-c", "-U", "f")]
    [InlineData("Error: -D and -U cannot be used together.", "-U", "-D", "f")]
    [InlineData("Error: -b and -D cannot be used together.", "-b", "-D", "f", "u")]
    [InlineData("Error: Unknown hash type 'foo'", "-H", "foo", "f", "u")]
    [InlineData("Error: -H argument given but not enough other arguments.", "-H")]
    [InlineData("Error: -I argument given but not enough other arguments.", "-I")]
    [InlineData("Error: Number of iterations must be > 0.", "-I", "x", "f", "u")]
    [InlineData("Error: Number of iterations must be > 0.", "-I", "0", "f", "u")]
    [InlineData("Error: Number of iterations must be > 0.", "-I", "-5", "f", "u")]
    [InlineData("Error: Number of iterations must be <= 10000000.", "-I", "2000000000", "f", "u")]
    [InlineData("Error: Number of iterations must be <= 64.", "-H", "argon2id", "-I", "65", "f", "u")]
    [InlineData("Error: -c argument given but password file or username missing.", "-c")]
    [InlineData("Error: -c argument given but password file or username missing.", "-c", "f")]
    [InlineData("Error: -c argument given but password file, username, or password missing.", "-c", "-b", "f", "u")]
    [InlineData("Error: -D argument given but password file or username missing.", "-D", "f")]
    [InlineData("Error: -U argument given but password file missing.", "-U")]
    [InlineData("Error: Username must not contain the ':' character.", "-b", "f", "a:b", "p")]
    [InlineData("Error: Username must not contain control characters.", "-b", "f", "a\tb", "p")]
    [InlineData("Error: Username must not be empty.", "-b", "f", "", "p")]
    [InlineData("Error: Username must not begin with '#': its line would be a comment.", "-b", "f", "#a", "p")]
    [InlineData("Error: Username must not begin or end with a blank: the broker takes it away.", "-b", "f", "a ", "p")]
    [InlineData("Error: Empty password.", "-b", "f", "u", "")]
    [InlineData("Error: Unable to open password file nowhere/f. No such file or directory.", "-b", "nowhere/f", "u", "p")]
    [InlineData("Error: Unable to open password file nowhere/f. No such file or directory.", "-D", "nowhere/f", "u")]
    [InlineData("Error: Unable to open password file nowhere/f. No such file or directory.", "-U", "nowhere/f")]
    [InlineData("Error: Unable to open password file /dev/null. It is not a regular file.", "-b", "/dev/null", "u", "p")]
    [InlineData("Error: Unable to open file /dev/null for writing. It is not a regular file.", "-I", "1", "-c", "-b", "/dev/null", "u", "p")]
    public void Mistakes_AreNamedAsMosquittoDoes(string message, params string[] args)
    {
        Assert.Equal(1, Run(args));

        Assert.Equal(message + "\n", _error.ToString());
    }

    [Fact]
    public void Mistakes_OfLength_AreNamed()
    {
        Assert.Equal(1, Run("-b", "f", new string('u', 65_536), "p"));
        Assert.Equal(1, Run("-b", "f", "u", new string('p', 65_536)));

        Assert.Equal("Error: Username must be less than 65536 characters long.\nError: Password must be less than 65536 characters long.\n", _error.ToString());
    }

    [Theory]
    [InlineData]
    [InlineData("--help")]
    [InlineData("-z", "f", "u")]
    [InlineData("f", "u", "p")]
    [InlineData("-b", "f", "u")]
    [InlineData("-c", "f", "u", "p")]
    [InlineData("f")]
    public void CommandLine_ThatMeansNothing_ShowsTheUsage(params string[] args)
    {
        Assert.Equal(1, Run(args));

        Assert.Equal(PasswdVerb.Usage + "\n", _output.ToString());
        Assert.Equal("", _error.ToString());
    }

    [Fact]
    public void Write_ThroughASymbolicLink_KeepsTheLink()
    {
        var link = Path.Combine(_folder, "link");
        Assert.Equal(0, Run("-I", "5", "-c", "-b", FilePath, "a", "1"));
        File.CreateSymbolicLink(link, FilePath);

        Assert.Equal(0, Run("-I", "5", "-b", link, "b", "2"));

        Assert.Equal(FilePath, new FileInfo(link).LinkTarget);
        AssertUsers(("a", "1"), ("b", "2"));
    }

    private int Run(params string[] args) => PasswdVerb.Run(args, (_, _) => throw new InvalidOperationException("Nothing is to be asked for."), _output, _error);

    private void AssertUsers(params (string User, string Password)[] users)
    {
        // The broker's reader is the judge: exactly these users, with these passwords.
        var file = PasswordFile.Load(FilePath);
        Assert.Equal(users.Length, file.Count);
        var lines = File.ReadAllLines(FilePath);
        foreach (var (user, password) in users)
        {
            var text = lines.Single(line => line.Trim().StartsWith(user, StringComparison.Ordinal))[..].Split(':', 2)[1].Trim();
            Assert.True(PasswordHash.TryParse(text, out var hash, out _));
            Assert.True(hash.Verify(Encoding.UTF8.GetBytes(password)), user);
        }
    }
}
