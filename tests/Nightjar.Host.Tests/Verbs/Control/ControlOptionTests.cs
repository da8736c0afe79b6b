using Nightjar.Host.Verbs.Options;
using Nightjar.Protocol;
using Xunit;

namespace Nightjar.Host.Tests.Verbs.Control;

/// <summary>The options of ctrl, which stand before the module, and its option file.</summary>
public sealed class ControlOptionTests
{
    [Fact]
    public void Options_BeforeTheModule_AreTaken()
    {
        ToolOptions options = Parse("-A 127.0.0.2 -d -h h -i id -p 1884 -P pw -q 2 --quiet -u user -V 311 -v -f file dynsec createClient u -p x", out string[] rest);

        Assert.Equal(("127.0.0.2", true, "h", "id", 1884, "pw"), (options.BindAddress, options.Debug, options.Host, options.ClientId, options.Port, options.Password));
        Assert.Equal((QualityOfService.ExactlyOnce, true, "user", ProtocolVersion.Mqtt311, true), (options.QoS, options.Quiet, options.UserName, options.Version, options.Verbose));
        Assert.Equal(("file", true), (options.DynsecFile, options.HasServer));
        Assert.Equal(["dynsec", "createClient", "u", "-p", "x"], rest);
    }

    [Fact]
    public void Defaults_AreThoseOfMosquittoCtrl()
    {
        ToolOptions options = Parse("", out string[] rest);

        Assert.Equal(("localhost", 1883, QualityOfService.AtLeastOnce, ProtocolVersion.Mqtt50, false), (options.Host, options.Port, options.QoS, options.Version, options.HasServer));
        Assert.Empty(rest);
    }

    [Theory]
    [InlineData("--cafile a --cert b --key c --keyform pem --ciphers d --tls-version tlsv1.2 --tls-alpn e --insecure")]
    [InlineData("--cafile a --certfile b --keyfile c --keyform pem --ciphers d --tls-version tlsv1.2 --tls-alpn e --insecure")]
    public void TlsOptions_InBothSpellings_AreTaken(string line)
    {
        ToolTlsOptions tls = Parse(line, out _).Tls;

        Assert.Equal(("a", "b", "c", "pem", "d", "tlsv1.2", "e", true), (tls.AuthorityFile, tls.CertificateFile, tls.KeyFile, tls.KeyForm, tls.Ciphers, tls.Version, tls.ApplicationProtocol, tls.Insecure));
        Assert.Equal(8883, Parse(line, out _).Port);
    }

    [Theory]
    [InlineData("-L mqtt://u:p@h", "h", 1883, "u", false)]
    [InlineData("-L mqtt://h:1999/", "h", 1999, null, false)]
    [InlineData("-L mqtts://h", "h", 8883, null, true)]
    [InlineData("--psk ab --psk-identity i -h h", "h", 8883, null, true)]
    [InlineData("--tls-use-os-certs -h h", "h", 8883, null, true)]
    [InlineData("-p 8883 -h h", "h", 8883, null, true)]
    public void Server_InAnyForm_IsTaken(string line, string host, int port, string? user, bool isTls)
    {
        ToolOptions options = Parse(line, out _);

        Assert.Equal((host, port, user, isTls), (options.Host, options.Port, options.UserName, options.Tls.IsUsed(options.Port)));
    }

    [Fact]
    public void OptionFile_GivesWayToTheCommandLine()
    {
        string? asked = null;
        ToolOptions options = ToolOptionParser.ParseLeading(
            ["-o", "named", "-h", "cmd", "dynsec", "listClients"],
            file =>
            {
                asked = file;
                return new StringReader("# comment\n-h file\r\n-u some user\n--certfile c\n--keyfile k\n--cafile a\n-t ignored\n");
            },
            out string[] rest);

        Assert.Equal(("named", "cmd", "some user", "c", "k", "a"), (asked, options.Host, options.UserName, options.Tls.CertificateFile, options.Tls.KeyFile, options.Tls.AuthorityFile));
        Assert.Equal(["dynsec", "listClients"], rest);
    }

    [Theory]
    [InlineData("mosquitto_ctrl.conf")]
    [InlineData("mosquitto_ctrl")]
    public void OptionFile_OfTheUser_IsFoundWithAndWithoutExtension(string name)
    {
        using var folder = new TemporaryDirectory();
        string config = Directory.CreateDirectory(folder.File(".config")).FullName;
        File.WriteAllText(Path.Combine(config, name), "");

        Assert.Equal(Path.Combine(config, name), ToolOptionFile.Find(ToolKind.Ctrl, variable => variable == "HOME" ? folder.Path : null));
        Assert.Equal(Path.Combine(config, name), ToolOptionFile.Find(ToolKind.Ctrl, variable => variable == "XDG_CONFIG_HOME" ? config : null));
        Assert.Null(ToolOptionFile.Find(ToolKind.Pub, variable => variable == "HOME" ? folder.Path : null));
    }

    [Theory]
    [InlineData("-Z dynsec x", "Error: Unknown option '-Z'.")]
    [InlineData("-t topic dynsec x", "Error: Unknown option '-t'.")]
    [InlineData("-D connect x 1 dynsec x", "Error: Unknown option '-D'.")]
    [InlineData("-p 70000 dynsec x", "Error: Invalid port given: 70000")]
    [InlineData("-L mqtt://h:70000 dynsec x", "Error: Invalid port given: 70000")]
    [InlineData("-L http://h dynsec x", "Error: unsupported URL scheme.")]
    [InlineData("-q 3 dynsec x", "Error: Invalid QoS given: 3")]
    [InlineData("-o", "Error: -o argument given but no options file specified.")]
    [InlineData("-h", "Error: -h argument given but no host specified.")]
    [InlineData("--keyfile", "Error: --keyfile argument given but no file specified.")]
    [InlineData("--cert a dynsec x", "Error: Both certfile and keyfile must be provided if one of them is set.")]
    [InlineData("--psk a dynsec x", "Error: --psk-identity required if --psk used.")]
    [InlineData("--proxy socks5h://x dynsec x", "Error: --proxy cannot be used: this build connects by TCP, TLS and unix sockets only, without WebSockets, proxies or SRV.")]
    public void Options_ThatAreWrong_AreNamed(string line, string expected) =>
        Assert.Equal(expected, Assert.Throws<UsageException>(() => Parse(line, out _)).Message.TrimEnd());

    [Theory]
    [InlineData("--help")]
    [InlineData("--version")]
    public void Question_BeforeTheModule_IsSeen(string option)
    {
        Assert.Equal(option, Parse(option, out _).Question);
        Assert.Null(Parse("dynsec createClient " + option, out _).Question);
    }

    private static ToolOptions Parse(string line, out string[] rest) =>
        ToolOptionParser.ParseLeading(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), _ => null, out rest);
}
