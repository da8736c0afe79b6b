using System.Text;
using Nightjar.Transport.OpenSsl.Keys;
using Xunit;

namespace Nightjar.Transport.OpenSsl.Tests.Keys;

public sealed class PskFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void File_WithCommentsBlanksAndOddLines_GivesTheKeys()
    {
        PskFile file = Load("# comment\n\nno colon\n sensor 1 : 00aabb \r\nd\u00e9tecteur:abc:ignored\n%u+#:ff");
        Assert.Equal(["sensor 1", "d\u00e9tecteur", "%u+#"], file.Keys.Keys);
        Assert.Equal("00AABB", Convert.ToHexString(file.Keys["sensor 1"].Bytes));
        Assert.Equal("0ABC", Convert.ToHexString(file.Keys["d\u00e9tecteur"].Bytes));
        Assert.Empty(file.Warnings);
    }

    [Fact]
    public void Lines_ThatNobodyCanUse_ArePassedOverWithAWarning()
    {
        PskFile file = Load($"a:11\na:22\n:33\nb:\n{new string('i', 257)}:44\n\u00ff:55\nc:66", Encoding.Latin1);
        Assert.Equal(["a", "c"], file.Keys.Keys);
        Assert.Equal("11", Convert.ToHexString(file.Keys["a"].Bytes));
        Assert.Equal(
            [
                $"Warning: Invalid line in psk file '{_path}', line 2: duplicate identity \"a\".",
                $"Warning: Invalid line in psk file '{_path}', line 3: empty identity.",
                $"Warning: Invalid line in psk file '{_path}', line 4: no psk for identity \"b\".",
                $"Warning: Invalid line in psk file '{_path}', line 5: identity longer than 256 bytes.",
                $"Warning: Invalid line in psk file '{_path}', line 6: the identity is not UTF-8.",
            ],
            file.Warnings);
    }

    [Fact]
    public void File_ThatIsADevice_IsRefusedUnread()
    {
        if (!OperatingSystem.IsLinux())
            return;
        var failure = Assert.Throws<PskFileException>(() => PskFile.Load("/dev/null"));
        Assert.Contains("not a regular file", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_ThatAreNone_MakeTheFileUnusableWithEveryError()
    {
        var failure = Assert.Throws<PskFileException>(() => Load($"a:11\nb:xyz\nc:{new string('a', 1026)}\nd:0"));
        Assert.Equal(
            [
                $"Error: psk for identity \"b\" contains non-hexadecimal characters. ({_path}:2)",
                $"Error: psk for identity \"c\" must have 1 to 512 bytes. ({_path}:3)",
                $"Error: psk for identity \"d\" must have 1 to 512 bytes. ({_path}:4)",
            ],
            failure.Errors);
    }

    [Fact]
    public void File_ThatIsNotThere_IsNamed()
    {
        string path = _path + ".missing";
        var failure = Assert.Throws<PskFileException>(() => PskFile.Load(path));
        Assert.StartsWith($"Error: Unable to open psk file \"{path}\"", Assert.Single(failure.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void File_WithAByteOrderMark_ReadsAsWithout() => Assert.Equal(["a"], Load("\ufeffa:11").Keys.Keys);

    [Fact]
    public void File_WithNothing_HasNoKeys() => Assert.Empty(Load("").Keys);

    private PskFile Load(string text, Encoding? encoding = null)
    {
        File.WriteAllBytes(_path, (encoding ?? Encoding.UTF8).GetBytes(text));
        return PskFile.Load(_path);
    }
}
