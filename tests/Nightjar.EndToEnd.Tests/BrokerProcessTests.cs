using Nightjar.EndToEnd.Tests.Tools;
using Xunit;

namespace Nightjar.EndToEnd.Tests;

/// <summary>The executable as a process: starting, stopping, exit codes.</summary>
public sealed class BrokerProcessTests
{
    [Fact]
    public async Task Broker_AtSigterm_EndsWithZeroAndSaysSo()
    {
        await using BrokerProcess broker = await BrokerProcess.StartAsync();
        await broker.StopAsync();

        Assert.Contains("starting", broker.Log, StringComparison.Ordinal);
        Assert.Contains($"Opening ipv4 listen socket on port {broker.Port}.", broker.Log, StringComparison.Ordinal);
        Assert.Contains("terminating", broker.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Broker_WithAWrongOption_ExitsWithThreeAndNamesTheLine()
    {
        string path = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(path, "allow_anonymous true\nno_such_option 1\n");
            ProcessResult result = (await BrokerProcess.RunAsync("-c", path)).AssertExitCode(3);
            Assert.Contains("Unknown configuration variable 'no_such_option'.", result.Errors, StringComparison.Ordinal);
            Assert.Contains($"{path}:2", result.Errors, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
