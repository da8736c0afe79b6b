using System.Text;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.DynamicSecurity;
using Nightjar.Broker.Security.Passwords;
using Xunit;

namespace Nightjar.Broker.Tests.Security.DynamicSecurity;

/// <summary>The file on disk: replaced as a whole, readable by its owner only; made when it is not there; worked on by tools.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class DynamicSecurityDiskTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly string _folder = Directory.CreateTempSubdirectory("nightjar-").FullName;

    private string FilePath => Path.Combine(_folder, "dynamic-security.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Replace_OfAFile_LeavesOneThatOnlyItsOwnerReads()
    {
        File.WriteAllText(FilePath, "{}");
        File.WriteAllText(FilePath + ".new", "left by a crash");
        var disk = new DynamicSecurityDisk(FilePath);

        disk.Replace(DynamicSecurityState.Empty with { ChangeIndex = 7 });

        Assert.Equal(7, disk.Read().State.ChangeIndex);
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(FilePath));
        Assert.Equal([FilePath], Directory.GetFiles(_folder));
    }

    [Fact]
    public void Replace_OfALink_ReplacesWhatItPointsTo()
    {
        var target = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, "real")).FullName, "d.json");
        File.WriteAllText(target, "{}");
        File.CreateSymbolicLink(FilePath, target);

        new DynamicSecurityDisk(FilePath).Replace(DynamicSecurityState.Empty with { ChangeIndex = 7 });

        Assert.NotNull(new FileInfo(FilePath).LinkTarget);
        Assert.Contains("\"changeIndex\":\t7", File.ReadAllText(target), StringComparison.Ordinal);
    }

    [Fact]
    public void Replace_InAFolderThatIsGone_FailsAndSaysWhere()
    {
        var disk = new DynamicSecurityDisk(Path.Combine(_folder, "gone", "d.json"));

        Assert.Contains("gone", Assert.ThrowsAny<IOException>(() => disk.Replace(DynamicSecurityState.Empty)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_OverAFileThatIsThere_LeavesItEvenIfItIsEmpty()
    {
        File.WriteAllText(FilePath, "");
        Assert.Throws<IOException>(() => DynamicSecurityDisk.Create(FilePath, UnixFileMode.UserRead | UnixFileMode.UserWrite, "x"u8));
        Assert.Equal("", File.ReadAllText(FilePath));
    }

    [Fact]
    public void Read_OfNothing_NamesTheFile()
    {
        var exception = Assert.Throws<SecurityFileException>(() => new DynamicSecurityDisk(FilePath).Read());

        Assert.Contains(FilePath, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FirstFile_WithoutAPassword_HasRandomOnesInAFileOfTheirOwn()
    {
        var lines = DynamicSecurityFirstFile.Create(FilePath, null, null, Cheap);

        Assert.Contains(lines, line => line.Contains(FilePath + ".pw", StringComparison.Ordinal));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(FilePath));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(FilePath + ".pw"));
        var passwords = File.ReadAllLines(FilePath + ".pw").Select(line => line.Split(' ')).ToDictionary(words => words[0], words => words[1]);
        var state = DynamicSecurityFile.Load(FilePath).State;
        Assert.Equal(["admin", "democlient"], state.Clients.Keys);
        foreach (var client in state.Clients.Values) Assert.True(client.Password!.Verify(Encoding.UTF8.GetBytes(passwords[client.UserName])));
        Assert.NotEqual(passwords["admin"], passwords["democlient"]);
        Assert.All(passwords.Values, password => Assert.True(password.Length >= DynamicSecurityFirstFile.MinimumPasswordLength));
        Assert.DoesNotContain(lines, line => passwords.Values.Any(password => line.Contains(password, StringComparison.Ordinal)));
        Assert.Equal(["client"], state.Clients["democlient"].Roles.Select(grant => grant.RoleName));
    }

    // The sample is what became of 2.1.2's first file: its seven roles, group and user are as they were made.
    [Fact]
    public void FirstFile_WithAPassword_IsThatOfMosquitto()
    {
        File.WriteAllText(Path.Combine(_folder, "pw"), "adminpassword12\nsecond line\n");
        DynamicSecurityFirstFile.Create(FilePath, Path.Combine(_folder, "pw"), "something else", Cheap);

        var state = DynamicSecurityFile.Load(FilePath).State;
        var sample = DynamicSecurityFile.Parse(DynamicSecuritySamples.Bytes(DynamicSecuritySamples.File21), "f").State;
        Assert.Equal(0, state.ChangeIndex);
        Assert.Equal(7, state.Roles.Count);
        Assert.All(state.Roles, role => Assert.Equal(Show(sample.Roles[role.Key]), Show(role.Value)));
        Assert.Equal(["admin"], state.Clients.Keys);
        Assert.Equal(sample.Clients["admin"].TextName, state.Clients["admin"].TextName);
        Assert.Equal(sample.Clients["admin"].Roles.ToArray(), state.Clients["admin"].Roles.ToArray());
        Assert.True(state.Clients["admin"].Password!.Verify("adminpassword12"u8));
        Assert.Equal(["unauthenticated"], state.Groups.Keys);
        Assert.Equal(sample.Groups["unauthenticated"].TextDescription, state.Groups["unauthenticated"].TextDescription);
        Assert.Equal("unauthenticated", state.AnonymousGroup);
        Assert.Equal(DefaultAccess.Initial, state.DefaultAccess);
        Assert.False(File.Exists(FilePath + ".pw"));
    }

    [Fact]
    public void FirstFile_WithAPasswordOfTheEnvironment_HasIt()
    {
        DynamicSecurityFirstFile.Create(FilePath, null, "environment1", Cheap);

        Assert.True(DynamicSecurityFile.Load(FilePath).State.Clients["admin"].Password!.Verify("environment1"u8));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void FirstFile_WithAShortPassword_IsNotMade(bool isFile)
    {
        var passwordFile = Path.Combine(_folder, "pw");
        File.WriteAllText(passwordFile, "elevenchars\n");

        var exception = Assert.Throws<SecurityFileException>(() => DynamicSecurityFirstFile.Create(FilePath, isFile ? passwordFile : null, "elevenchars", Cheap));

        Assert.Contains(isFile ? passwordFile : "MOSQUITTO_DYNSEC_PASSWORD", exception.Message, StringComparison.Ordinal);
        Assert.Contains("at least 12 characters", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("elevenchars", exception.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(FilePath));
    }

    [Fact]
    public void FirstFile_WhosePasswordFileIsMissing_IsNotMade()
    {
        var exception = Assert.Throws<SecurityFileException>(() => DynamicSecurityFirstFile.Create(FilePath, Path.Combine(_folder, "nope"), null, Cheap));

        Assert.Contains("nope", exception.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(FilePath));
    }

    [Fact]
    public void Init_WritesTheBytesOfMosquitto()
    {
        var sample = DynamicSecuritySamples.Text(DynamicSecuritySamples.Init21);
        var hash = DynamicSecurityFile.Parse(Encoding.UTF8.GetBytes(sample), "f").State.Clients["admin"].Password!;

        DynamicSecurityTool.Init(FilePath, "admin", hash);

        Assert.Equal(sample, File.ReadAllText(FilePath));
        Assert.Equal(OwnerOnly | UnixFileMode.GroupRead, File.GetUnixFileMode(FilePath));
        Assert.ThrowsAny<IOException>(() => DynamicSecurityTool.Init(FilePath, "admin", hash));
        Assert.Equal(sample, File.ReadAllText(FilePath));
    }

    [Fact]
    public void Execute_OfARequestOnAFile_ChangesTheFile()
    {
        File.WriteAllBytes(FilePath, DynamicSecuritySamples.Bytes(DynamicSecuritySamples.File21));

        var response = DynamicSecurityTool.Execute(FilePath, """{"commands":[{"command":"setClientPassword","username":"sensor","password":"new"},{"command":"getDetails"}]}"""u8.ToArray(), iterations: 3);

        Assert.Contains("\"changeIndex\":23", Encoding.UTF8.GetString(response), StringComparison.Ordinal);
        var password = DynamicSecurityFile.Load(FilePath).State.Clients["sensor"].Password!;
        Assert.Equal(3, password.Iterations);
        Assert.True(password.Verify("new"u8));
    }

    [Fact]
    public void Execute_OfAQuestion_LeavesTheFileAsItIs()
    {
        var bytes = DynamicSecuritySamples.Bytes(DynamicSecuritySamples.Init20);
        File.WriteAllBytes(FilePath, bytes);

        DynamicSecurityTool.Execute(FilePath, """{"commands":[{"command":"listClients"}]}"""u8.ToArray());

        Assert.Equal(bytes, File.ReadAllBytes(FilePath));
    }

    private static PasswordHash Cheap(string password) => PasswordHash.Make(Encoding.UTF8.GetBytes(password), PasswordHashForm.Pbkdf2, 1);

    private static string Show(DynamicRole role) => $"{role.TextName} {role.TextDescription} {role.AllowWildcardSubscriptions} {string.Join(',', role.Rules)}";
}
