using Xunit;

namespace Nightjar.EndToEnd.Tests.Tools;

/// <summary>What the other tests rely on: programs are found, waited for, stopped and never left behind.</summary>
public sealed class ToolTests
{
    private const string Shell = "/bin/sh";
    private const string Missing = "no-such-program-anywhere";

    [Fact]
    public void SkipReason_OfAMissingTool_NamesItUnlessSkippingIsForbidden()
    {
        Assert.Equal($"{Missing} is not installed", ExternalTool.SkipReason(["sh", Missing], neverSkip: false));
        Assert.Null(ExternalTool.SkipReason(["sh", Missing], neverSkip: true));
        Assert.Null(ExternalTool.SkipReason(["sh"], neverSkip: false));
        Assert.Throws<FileNotFoundException>(() => ExternalTool.Require(Missing));
    }

    [Fact]
    public async Task Run_OfAProgram_GivesItsCodeAndBothStreams()
    {
        ProcessResult result = await ProcessRunner.RunAsync(Shell, ["-c", "read line; echo \"got $line\"; echo oops >&2; exit 3"], "wörd\n");
        Assert.Equal(new ProcessResult(3, "got wörd", "oops"), result);
    }

    [Fact]
    public async Task Run_OfAProgramThatHangs_KillsItAndFails() =>
        await Assert.ThrowsAsync<TimeoutException>(
            () => ProcessRunner.RunAsync(Shell, ["-c", "exec sleep 600"], timeout: TimeSpan.FromMilliseconds(50)));

    [Fact]
    public async Task WaitForLine_OfARunningProgram_SeesOlderAndNewerLines()
    {
        await using RunningProcess process = RunningProcess.Start(Shell, ["-c", "echo first; read x; echo second >&2; exec sleep 600"]);
        await process.WaitForLineAsync(line => line == "first");
        await process.EnterAsync("\n");
        await process.WaitForLineAsync(line => line == "second");
        await process.WaitForLineAsync(line => line == "first");
        Assert.Null(process.ExitCode);
    }

    [Fact]
    public async Task WaitForLine_OfAProgramThatEnded_FailsWithItsWords()
    {
        await using RunningProcess process = RunningProcess.Start(Shell, ["-c", "echo the reason >&2"]);
        TimeoutException failure = await Assert.ThrowsAsync<TimeoutException>(() => process.WaitForLineAsync(line => line == "never"));
        Assert.Contains("the reason", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_OfAProgram_SendsItTheTerminationSignal()
    {
        await using RunningProcess process = RunningProcess.Start(Shell,
            ["-c", "trap 'echo bye; exit 7' TERM; echo ready; while :; do read x || exec sleep 600; done"]);
        await process.WaitForLineAsync(line => line == "ready");
        ProcessResult result = await process.StopAsync();
        Assert.Equal("ready\nbye", result.AssertExitCode(7).Output);
    }
}
