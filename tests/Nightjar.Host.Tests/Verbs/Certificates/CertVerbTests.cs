using System.Security.Cryptography.X509Certificates;
using Nightjar.Host.Verbs;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Host.Tests.Verbs.Certificates;

public sealed class CertVerbTests : IDisposable
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"nightjar-ca-{Guid.NewGuid():N}");
    private readonly FakeTimeProvider _time = new();
    private string _output = "";
    private string _error = "";

    public void Dispose()
    {
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Authority_Made_MaySignCertificatesAndListsAndNothingElse(bool rsa)
    {
        Assert.Equal(0, Run(["ca", "--name", "House CA", "--days", "100", .. RsaIf(rsa)]));

        using X509Certificate2 certificate = Load("ca");
        Assert.Equal("CN=House CA", certificate.Subject);
        Assert.Equal(s_start.AddDays(100).UtcDateTime, certificate.NotAfter.ToUniversalTime());
        Assert.Equal(s_start.AddHours(-1).UtcDateTime, certificate.NotBefore.ToUniversalTime());
        var constraints = Extension<X509BasicConstraintsExtension>(certificate);
        Assert.True(constraints is { CertificateAuthority: true, HasPathLengthConstraint: true, PathLengthConstraint: 0, Critical: true });
        var usage = Extension<X509KeyUsageExtension>(certificate);
        Assert.Equal(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, usage.KeyUsages);
        Assert.True(usage.Critical);
        Assert.Equal(rsa, certificate.GetRSAPublicKey() is not null);
        Assert.Equal($"Wrote {PathOf("ca.crt")}\nWrote {PathOf("ca.key")}\nWrote {PathOf("ca.crl")}\n", _output.ReplaceLineEndings("\n"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Server_Issued_HasItsNamesAndUsages(bool rsa)
    {
        Run("ca");
        Assert.Equal(0, Run(["server", "broker.example", .. RsaIf(rsa)]));

        using X509Certificate2 certificate = Load("broker.example");
        using X509Certificate2 authority = Load("ca");
        Assert.Equal("CN=broker.example", certificate.Subject);
        Assert.Equal("CN=Nightjar CA", certificate.Issuer);
        var names = Extension<X509SubjectAlternativeNameExtension>(certificate);
        Assert.Equal(["broker.example", "localhost"], names.EnumerateDnsNames());
        Assert.Equal(["127.0.0.1", "::1"], names.EnumerateIPAddresses().Select(address => address.ToString()));
        Assert.Equal("1.3.6.1.5.5.7.3.1", Extension<X509EnhancedKeyUsageExtension>(certificate).EnhancedKeyUsages[0].Value);
        Assert.Equal(
            X509KeyUsageFlags.DigitalSignature | (rsa ? X509KeyUsageFlags.KeyEncipherment : X509KeyUsageFlags.None),
            Extension<X509KeyUsageExtension>(certificate).KeyUsages);
        Assert.False(Extension<X509BasicConstraintsExtension>(certificate).CertificateAuthority);
        Assert.Equal(
            Extension<X509SubjectKeyIdentifierExtension>(authority).SubjectKeyIdentifierBytes.ToArray(),
            Extension<X509AuthorityKeyIdentifierExtension>(certificate).KeyIdentifier!.Value.ToArray());
        using X509Certificate2 withKey = X509Certificate2.CreateFromPemFile(PathOf("broker.example.crt"), PathOf("broker.example.key"));
        Assert.True(withKey.HasPrivateKey);
    }

    [Fact]
    public void Server_WithNamesGiven_HasThoseInPlaceOfThisMachines()
    {
        Run("ca");
        Assert.Equal(0, Run("server", "the broker", "--san", "*.example.org", "--san", "10.1.2.3", "--san", "fe80::1"));

        using X509Certificate2 certificate = Load("the broker");
        var names = Extension<X509SubjectAlternativeNameExtension>(certificate);
        Assert.Equal(["*.example.org"], names.EnumerateDnsNames());
        Assert.Equal(["10.1.2.3", "fe80::1"], names.EnumerateIPAddresses().Select(address => address.ToString()));
    }

    [Fact]
    public void Client_WithACommonNameNoFileCanHave_HasIt()
    {
        Run("ca");
        Assert.Equal(0, Run("client", "device1", "--cn", "haus/ger\u00e4t,1=\u65e5", "--days", "7"));

        using X509Certificate2 certificate = Load("device1");
        Assert.Equal("haus/ger\u00e4t,1=\u65e5", certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false));
        Assert.Equal("1.3.6.1.5.5.7.3.2", Extension<X509EnhancedKeyUsageExtension>(certificate).EnhancedKeyUsages[0].Value);
        Assert.Empty(certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>());
        Assert.Equal(s_start.AddDays(7).UtcDateTime, certificate.NotAfter.ToUniversalTime());
    }

    [Fact]
    public void Certificate_LongerThanItsAuthority_EndsWithIt()
    {
        Run("ca", "--days", "10");
        Assert.Equal(0, Run("client", "alice"));

        using X509Certificate2 certificate = Load("alice");
        Assert.Equal(s_start.AddDays(10).UtcDateTime, certificate.NotAfter.ToUniversalTime());
        Assert.Contains("It ends with the authority's own certificate, on 2026-01-11.", _output, StringComparison.Ordinal);

        _time.Advance(TimeSpan.FromDays(11));
        Assert.Equal(1, Run("client", "bob"));
        Assert.Contains("ended on 2026-01-11", _error, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_WithKeys_AreTheirOwnersAlone()
    {
        if (OperatingSystem.IsWindows()) return;
        Run("ca");
        Run("client", "alice");
        foreach (string file in new[] { "ca.key", "alice.key", "index" })
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(PathOf(file)));
        Assert.Empty(Directory.GetFiles(_folder, "*.new"));
    }

    [Fact]
    public void FilesThatAreThere_WithoutForce_StayAsTheyAre()
    {
        Run("ca");
        Run("client", "alice");
        string[] files = ["ca.key", "ca.crt", "alice.key", "alice.crt", "index"];
        string[] before = [.. files.Select(file => File.ReadAllText(PathOf(file)))];

        Assert.Equal(1, Run("ca"));
        Assert.Equal($"Error: {PathOf("ca.key")} exists already. --force replaces it.\n", _error.ReplaceLineEndings("\n"));
        Assert.Equal(1, Run("client", "alice"));
        Assert.Equal(1, Run("server", "alice"));
        Assert.Equal(before, files.Select(file => File.ReadAllText(PathOf(file))));

        Assert.Equal(0, Run("client", "alice", "--force"));
        Assert.NotEqual(before[2], File.ReadAllText(PathOf("alice.key")));
        Assert.Equal(before[0], File.ReadAllText(PathOf("ca.key")));
    }

    [Fact]
    public void SerialNumbers_OfManyCertificates_AreLongAndDifferent()
    {
        Run("ca");
        for (int i = 0; i < 20; i++) Assert.Equal(0, Run("client", $"c{i}"));
        string[] serials = [.. Enumerable.Range(0, 20).Select(i => { using X509Certificate2 one = Load($"c{i}"); return one.SerialNumber; })];
        Assert.Equal(20, serials.Distinct().Count());
        Assert.All(serials, serial => Assert.Equal(32, serial.Length));
    }

    [Theory]
    [InlineData("unspecified")]
    [InlineData("keyCompromise")]
    [InlineData("CACompromise")]
    [InlineData("affiliationChanged")]
    [InlineData("superseded")]
    [InlineData("cessationOfOperation")]
    [InlineData("certificateHold")]
    public void Revoke_ForAReason_ListsTheSerialNumber(string reason)
    {
        Run("ca");
        Run("client", "alice");
        Run("client", "bob");
        Assert.Equal(0, Run("revoke", "alice", "--reason", reason));
        Assert.StartsWith("Revoked alice.", _output, StringComparison.Ordinal);

        using X509Certificate2 alice = Load("alice");
        using X509Certificate2 bob = Load("bob");
        CertificateRevocationListBuilder list = LoadList(out _);
        Assert.True(list.RemoveEntry(alice.SerialNumberBytes.Span));
        Assert.False(list.RemoveEntry(bob.SerialNumberBytes.Span));
        Run("list");
        Assert.Contains($"alice (revoked 2026-01-01T00:00:00Z, {reason})", _output, StringComparison.Ordinal);
        Assert.Matches($"valid +client +until 2028-04-05  {bob.SerialNumber}  bob", _output);
    }

    [Fact]
    public void Revoke_Again_ChangesNothingButTheListsNumber()
    {
        Run("ca");
        Run("client", "alice");
        Run("revoke", "alice", "--reason", "superseded");
        LoadList(out var first);
        _time.Advance(TimeSpan.FromDays(1));

        Assert.Equal(0, Run("revoke", "alice", "--reason", "keyCompromise"));

        Assert.StartsWith("alice was revoked before.", _output, StringComparison.Ordinal);
        LoadList(out var second);
        Assert.Equal(first + 1, second);
        Run("list");
        Assert.Contains("alice (revoked 2026-01-01T00:00:00Z, superseded)", _output, StringComparison.Ordinal);
    }

    [Fact]
    public void Revoke_OfARenewedName_TakesAllBackOrOneBySerialNumber()
    {
        Run("ca");
        Run("client", "alice");
        using X509Certificate2 first = Load("alice");
        Run("client", "alice", "--force");
        Run("client", "alice", "--force");
        using X509Certificate2 last = Load("alice");

        Assert.Equal(0, Run("revoke", first.SerialNumber.ToLowerInvariant()));
        CertificateRevocationListBuilder list = LoadList(out _);
        Assert.True(list.RemoveEntry(first.SerialNumberBytes.Span));
        Assert.False(list.RemoveEntry(last.SerialNumberBytes.Span));

        Assert.Equal(0, Run("revoke", "alice"));
        Assert.StartsWith("Revoked 2 certificates of alice.", _output, StringComparison.Ordinal);
        Assert.True(LoadList(out _).RemoveEntry(last.SerialNumberBytes.Span));
    }

    [Fact]
    public void RevocationList_WrittenAnew_KeepsItsEntries()
    {
        Run("ca");
        Run("client", "alice");
        Run("revoke", "alice");
        LoadList(out var before);
        Assert.Equal(0, Run("crl", "--days", "3"));
        CertificateRevocationListBuilder list = LoadList(out var after);
        using X509Certificate2 alice = Load("alice");
        Assert.True(list.RemoveEntry(alice.SerialNumberBytes.Span));
        Assert.Equal(before + 1, after);
    }

    [Theory]
    [InlineData("Error: Unknown command 'nightjar cert frob'", "frob")]
    [InlineData("needs the authority's folder: -d DIR", "list")]
    [InlineData("needs one NAME, and 0 are given", "client", "-d", "x")]
    [InlineData("needs one NAME, and 2 are given", "client", "-d", "x", "a", "b")]
    [InlineData("Unknown option '--san' for 'nightjar cert client'", "client", "-d", "x", "a", "--san", "b")]
    [InlineData("Unknown option 'a' for 'nightjar cert ca'", "ca", "-d", "x", "a")]
    [InlineData("--days must be 1 to 36525, not '0'", "ca", "-d", "x", "--days", "0")]
    [InlineData("--days argument given but no value specified", "ca", "-d", "x", "--days")]
    [InlineData("Unknown --reason 'bored': unspecified, keyCompromise,", "revoke", "-d", "x", "a", "--reason", "bored")]
    public void CommandLine_ThatIsWrong_SaysHow(string message, params string[] args)
    {
        Assert.Equal(3, RunBare(args));
        Assert.Contains(message, _error, StringComparison.Ordinal);
        Assert.False(Directory.Exists("x"));
    }

    [Theory]
    [InlineData("../x", "cannot be the name of a file")]
    [InlineData(".hidden", "cannot be the name of a file")]
    [InlineData("a\tb", "cannot be the name of a file")]
    [InlineData("ca", "the authority's own name")]
    [InlineData("CA", "the authority's own name")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "1 to 64 characters")]
    public void Name_ThatCannotBe_IsRefused(string name, string message)
    {
        Run("ca");
        Assert.Equal(1, Run("client", name));
        Assert.Contains(message, _error, StringComparison.Ordinal);
        Assert.Equal(["ca.crl", "ca.crt", "ca.key", "index"], Directory.GetFiles(_folder).Select(Path.GetFileName).Where(file => file != ".lock").Order());
    }

    [Fact]
    public void AlternativeName_ThatIsNone_IsRefused()
    {
        Run("ca");
        Assert.Equal(1, Run("server", "broker", "--san", "not a host"));
        Assert.Contains("--san 'not a host' is neither a host name nor an address", _error, StringComparison.Ordinal);
    }

    [Fact]
    public void Folder_WithoutAnAuthority_IsNamedWithTheRemedy()
    {
        Assert.Equal(1, Run("client", "alice"));
        Assert.Contains($"nightjar cert ca -d {_folder}", _error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder));
    }

    [Theory]
    [InlineData("crl 1\nnonsense\n", "index:2")]
    [InlineData("nonsense\n", "index:1")]
    [InlineData("", "is empty")]
    [InlineData(null, "is missing")]
    public void Index_ThatIsBroken_IsNotGuessedAt(string? text, string message)
    {
        Run("ca");
        File.Delete(PathOf("index"));
        if (text is not null) File.WriteAllText(PathOf("index"), text);
        foreach (string[] args in new string[][] { ["client", "alice"], ["revoke", "alice"], ["crl"], ["list"] })
        {
            Assert.Equal(1, Run(args));
            Assert.Contains(message, _error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Key_ThatIsAnothers_IsNamed()
    {
        Run("ca");
        Run("client", "alice");
        File.Copy(PathOf("alice.key"), PathOf("ca.key"), overwrite: true);
        Assert.Equal(1, Run("client", "bob"));
        Assert.Contains("cannot be used together", _error, StringComparison.Ordinal);
    }

    [Fact]
    public void Folder_InUse_IsRefused()
    {
        Run("ca");
        using var held = new FileStream(PathOf(".lock"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.Equal(1, Run("client", "alice"));
        Assert.Contains("in use by another 'nightjar cert'", _error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Usage: nightjar cert ca ", "--help")]
    [InlineData("Usage: nightjar cert ca ")]
    [InlineData("Usage: nightjar cert ca -d DIR", "ca", "--help")]
    [InlineData("Usage: nightjar cert server -d DIR NAME", "server", "-h")]
    [InlineData("Usage: nightjar cert client -d DIR NAME", "client", "-d", "x", "--help")]
    [InlineData("Usage: nightjar cert revoke -d DIR NAME", "revoke", "--help")]
    [InlineData("Usage: nightjar cert crl -d DIR", "crl", "--help")]
    [InlineData("Usage: nightjar cert list -d DIR", "list", "--help")]
    public void Help_OfEach_IsItsOwn(string usage, params string[] args)
    {
        Assert.Equal(0, RunBare(args));
        Assert.Contains(usage, string.Join(' ', _output.Split(' ', StringSplitOptions.RemoveEmptyEntries)) + " ", StringComparison.Ordinal);
    }

    private static string[] RsaIf(bool rsa) => rsa ? ["--rsa"] : [];

    private static T Extension<T>(X509Certificate2 certificate)
        where T : X509Extension => Assert.Single(certificate.Extensions.OfType<T>());

    private int Run(params string[] args) => RunBare([args[0], "-d", _folder, .. args[1..]]);

    private int RunBare(string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = CertVerb.Run(args, output, error, _time);
        _output = output.ToString();
        _error = error.ToString();
        Assert.Equal(code == 0, _error.Length == 0);
        return code;
    }

    private string PathOf(string file) => Path.Combine(_folder, file);

    private X509Certificate2 Load(string name) => X509Certificate2.CreateFromPem(File.ReadAllText(PathOf(name + ".crt")));

    private CertificateRevocationListBuilder LoadList(out System.Numerics.BigInteger number) =>
        CertificateRevocationListBuilder.LoadPem(File.ReadAllText(PathOf("ca.crl")), out number);
}
