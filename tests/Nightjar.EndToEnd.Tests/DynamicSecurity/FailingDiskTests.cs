using Nightjar.EndToEnd.Tests.Tools;
using Xunit;

namespace Nightjar.EndToEnd.Tests.DynamicSecurity;

/// <summary>A disk that does not take the bytes: nothing is said to be done, and the file is the old one.</summary>
public sealed class FailingDiskTests
{
    // The first sync is that of the new file, before it takes the place of the old one.
    [RequiresToolTheory("strace")]
    [InlineData("EIO")]
    [InlineData("ENOSPC")]
    public async Task Change_ThatTheDiskDoesNotTake_IsNotMadeAndSaidSo(string error)
    {
        using PublicFolder folder = new();
        folder.MakeWritable();
        string path = folder["dynamic-security.json"];
        AdministeredBroker.Init(path);
        byte[] before = await File.ReadAllBytesAsync(path);
        (string file, string[] arguments) = BrokerProcess.Command();

        ProcessResult result = await ProcessRunner.RunAsync(
            ExternalTool.Require("strace"),
            ["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", $"inject=fsync:error={error}:when=1", file, .. arguments, "ctrl", "-f", path, "dynsec", "createRole", "r"]);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("cannot be brought to the disk", result.Errors, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(path));
        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
    }
}
