using System.Diagnostics;
using Nightjar.Protocol;
using Nightjar.Testing.Certificates;
using Nightjar.Transport.Tls;
using Xunit;

namespace Nightjar.Host.Tests.Running;

/// <summary>Files that cannot be used at SIGHUP: the log says which and why, and everything is as it was.</summary>
public sealed class BrokenFileTests : IDisposable
{
    private const string All = """
        listener PORT 127.0.0.1
        password_file DIR/passwords
        acl_file DIR/acl
        psk_file DIR/keys
        listener 0 DIR/tls
        certfile DIR/server.crt
        keyfile DIR/server.key
        cafile DIR/ca.crt
        require_certificate true
        crlfile DIR/ca.crl
        listener 0 DIR/psk
        psk_hint hint

        """;

    private static readonly string[] s_files = ["passwords", "acl", "keys", "server.crt", "server.key", "ca.crt", "ca.crl", "nightjar.conf"];

    private readonly TestCertificates _certificates = new();

    /// <summary>Ways to put something else in a file's place.</summary>
    public enum Fault
    {
        Missing,
        Directory,
        Pipe,
        Device,
        Garbage,
        HalfAFile,
    }

    public static TheoryData<string, Fault> Faults
    {
        get
        {
            var faults = new TheoryData<string, Fault>();
            foreach (var file in s_files)
            {
                // An access list cut in half may well be one.
                foreach (var fault in Enum.GetValues<Fault>().Where(fault => fault != Fault.HalfAFile || file is not ("acl" or "keys" or "nightjar.conf"))) faults.Add(file, fault);
            }

            return faults;
        }
    }

    public void Dispose() => _certificates.Dispose();

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Reload_WithAFileThatCannotBeUsed_LeavesEverythingAsItWas(string file, Fault fault)
    {
        if (!OperatingSystem.IsLinux()) return;
        await using var service = await StartAsync();
        await using var client = await service.ConnectAsync("stays", "ann", "p");
        // What would change if half of the reload were done.
        service.Directory.Write("passwords", PasswordText.Line("eve", "p"));
        service.Directory.Write("acl", "topic deny t");
        Spoil(service, file, fault);
        var log = await service.ReloadAsync();
        Assert.Contains(RunningService.RefusedLine, log);
        Assert.Contains(log, line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains(service.Directory.File(file), StringComparison.Ordinal));
        await client.PublishAsync("t", "x", QualityOfService.AtLeastOnce);
        await client.ExpectAsync("40 03 0001 10");
        Assert.Equal(0, await service.CodeAsync("ann", "p"));
        Assert.Equal((int)ReasonCode.NotAuthorized, await service.CodeAsync("eve", "p"));
    }

    /// <summary>Each wrong line is told with its number.</summary>
    [Theory]
    [InlineData("passwords", "ok-is-no-user\nann", 0)]
    [InlineData("passwords", "#\n:x", 2)]
    [InlineData("passwords", "a:", 1)]
    [InlineData("passwords", "\n\na:b", 3)]
    [InlineData("passwords", "a:$7$1$$", 1)]
    [InlineData("passwords", "a\0b:$7$101$AAAA$AAAA", 1)]
    [InlineData("acl", "topic read a\ntopic red a\n", 2)]
    [InlineData("acl", "user\n", 1)]
    [InlineData("acl", "topic a/\0\n", 1)]
    [InlineData("keys", "a:00\nb:xyz\n", 2)]
    [InlineData("nightjar.conf", "user root\nallow_anonymous true\nallow_anonymos\n", 3)]
    public async Task Reload_WithAWrongLine_NamesFileAndLine(string file, string text, int line)
    {
        await using var service = await StartAsync();
        File.WriteAllText(service.Directory.File(file), text);
        var log = await service.ReloadAsync();
        if (line == 0)
        {
            // Lines without a colon are no users at all, as Mosquitto has it.
            Assert.DoesNotContain(RunningService.RefusedLine, log);
            Assert.Equal((int)ReasonCode.NotAuthorized, await service.CodeAsync("ann", "p"));
            return;
        }

        Assert.Contains(RunningService.RefusedLine, log);
        Assert.Contains(log, text => text.Contains(service.Directory.File(file), StringComparison.Ordinal)
            && (text.Contains($":{line}", StringComparison.Ordinal) || text.Contains($"ine {line}", StringComparison.Ordinal)));
        Assert.Equal(0, await service.CodeAsync("ann", "p"));
    }

    /// <summary>A byte order mark, a line of megabytes, ends of lines as on Windows.</summary>
    [Fact]
    public async Task Reload_WithFilesOfOtherEditors_IsDone()
    {
        await using var service = await StartAsync();
        var bom = "\uFEFF";
        File.WriteAllText(service.Directory.File("passwords"), bom + PasswordText.Line("eve", "p") + "\r\n#" + new string('x', 5 << 20) + "\r\n");
        File.WriteAllText(service.Directory.File("acl"), bom + "user eve\r\ntopic write t\r\n#" + new string('x', 5 << 20) + "\r\n");
        File.WriteAllText(service.ConfigurationFile, bom + File.ReadAllText(service.ConfigurationFile).ReplaceLineEndings("\r\n") + "#" + new string('x', 5 << 20));
        Assert.DoesNotContain(RunningService.RefusedLine, await service.ReloadAsync());
        await using var client = await service.ConnectAsync("c", "eve", "p");
        await client.PublishAsync("t", "x", QualityOfService.AtLeastOnce);
        await client.ExpectAsync("40 03 0001 10");
        await client.PublishAsync("u", "x", QualityOfService.AtLeastOnce);
        await client.ExpectAsync("40 03 0001 87");
    }

    private async Task<RunningService> StartAsync()
    {
        var service = new RunningService();
        service.Directory.Write("passwords", PasswordText.Line("ann", "p"));
        service.Directory.Write("acl", "user ann", "topic t");
        service.Directory.Write("keys", "ann:00112233");
        service.Directory.Write("server.crt", _certificates.Server.ExportCertificatePem());
        service.Directory.Write("server.key", TestCertificates.KeyPem(_certificates.Server));
        service.Directory.Write("ca.crt", _certificates.Root.ExportCertificatePem());
        service.Directory.Write("ca.crl", _certificates.RevocationList(_certificates.Root, []));
        await service.StartAsync(All);
        return service;
    }

    private static void Spoil(RunningService service, string name, Fault fault)
    {
        var path = service.Directory.File(name);
        var content = File.ReadAllBytes(path);
        File.Delete(path);
        switch (fault)
        {
            case Fault.Directory:
                Directory.CreateDirectory(path);
                break;
            case Fault.Pipe:
                using (var process = Process.Start("mkfifo", [path])) process.WaitForExit();
                break;
            case Fault.Device:
                File.CreateSymbolicLink(path, "/dev/zero");
                break;
            case Fault.Garbage:
                File.WriteAllText(path, "garbage: \u0001 -----BEGIN\n");
                break;
            case Fault.HalfAFile:
                File.WriteAllBytes(path, content[..(content.Length * 2 / 3)]);
                break;
        }
    }
}
