using Xunit;

namespace Nightjar.Host.Tests.Verbs.Control.Shell;

/// <summary>The shell without a broker: lines from a pipe, written after their prompts.</summary>
public sealed class ControlShellTests
{
    [Fact]
    public async Task Lines_OfAPipe_AreWrittenAfterTheirPrompts()
    {
        string output = await RunAsync("", "  ", "nonsense x", "dynsec", "createClient u", "return", "disconnect", "EXIT", "never");

        Assert.Equal(
            "> \n>   \n> nonsense x\nUnknown command 'nonsense'\n> dynsec\nUnknown command 'dynsec'\n> createClient u\nUnknown command 'createClient'\n" +
            "> return\nUnknown command 'return'\n> disconnect\nUnknown command 'disconnect'\n> EXIT\n",
            output);
    }

    [Fact]
    public async Task Input_ThatEnds_EndsTheShell() => Assert.Equal("> \n", await RunAsync());

    [Theory]
    [InlineData("help", "connect [mqtt://|mqtts://|ws://|wss://host[:port]]")]
    [InlineData("help auth", "auth [username]")]
    [InlineData("help CONNECT", "Connects to a broker: without a URL to the one of the command line, or to mqtt://localhost:1883.")]
    [InlineData("help createClient", "Unknown command 'createClient'")]
    public async Task Help_ExplainsWhatCanBeTyped(string line, string expected) =>
        Assert.Contains(expected, (await RunAsync(line)).Split('\n'));

    [Theory]
    [InlineData("connect ws://127.0.0.1", "Error: ws:// cannot be used: this build connects by TCP, TLS and unix sockets only.")]
    [InlineData("connect http://127.0.0.1", "Error: unsupported URL scheme.")]
    [InlineData("connect mqtt://127.0.0.1:99999", "Error: Invalid port given: 99999")]
    public async Task Connect_ToWhatCannotBe_SaysWhyAndGoesOn(string line, string expected)
    {
        using var console = new TestConsole(line, "exit");

        Assert.Equal(0, await console.RunAsync());

        Assert.Equal(expected + "\n", console.Errors);
        Assert.EndsWith("> exit\n", console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_ToNobody_SaysWhyAndGoesOn()
    {
        using var console = new TestConsole($"connect mqtt://127.0.0.1:{CtrlVerbTests.ClosedPort()}", "exit");

        Assert.Equal(0, await console.RunAsync());

        Assert.EndsWith("\n\nError: Connection refused\n", console.Errors, StringComparison.Ordinal);
        Assert.EndsWith("> exit\n", console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_OfTheCommandLine_ThatIsNotThere_EndsTheShell()
    {
        using var console = new TestConsole("exit");

        Assert.Equal(14, await console.RunAsync("-h", "127.0.0.1", "-p", CtrlVerbTests.ClosedPort()));

        Assert.DoesNotContain("> ", console.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new[] { "auth", "ann", "secret" }, "> auth\nusername: ann\npassword:\n> \n")]
    [InlineData(new[] { "auth ann", "secret" }, "> auth ann\npassword:\n> \n")]
    [InlineData(new[] { "auth", "" }, "> auth\nusername: \nNo username.\n> \n")]
    [InlineData(new[] { "auth ann" }, "> auth ann\npassword:\nNo password.\n> \n")]
    public async Task Auth_AsksForWhatIsMissing_AndShowsNoPassword(string[] lines, string expected) => Assert.Equal(expected, await RunAsync(lines));

    // What comes behind the greeting.
    private static async Task<string> RunAsync(params string[] lines)
    {
        using var console = new TestConsole(lines);
        Assert.Equal(0, await console.RunAsync());
        Assert.Equal("", console.Errors);
        Assert.StartsWith("nightjar ctrl shell v", console.Output, StringComparison.Ordinal);
        return console.Output[(console.Output.IndexOf('\n', StringComparison.Ordinal) + 1)..];
    }
}
