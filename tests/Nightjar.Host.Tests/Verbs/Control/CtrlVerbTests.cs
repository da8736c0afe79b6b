using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Nightjar.Host.Tests.Verbs.Control;

/// <summary>What ctrl does without a broker.</summary>
public sealed class CtrlVerbTests : IDisposable
{
    private readonly TestConsole _console = new();

    public void Dispose() => _console.Dispose();

    [Theory]
    [InlineData("foo bar", 10, "Error: Module 'foo' not supported.\n")]
    [InlineData("dynsec foo", 13, "Command 'foo' not recognised.\n")]
    [InlineData("broker listClients", 13, "Command 'listClients' not recognised.\n")]
    [InlineData("DYNSEC getClient", 3, "Usage: getClient <username>\nError: Invalid function arguments provided.\n")]
    [InlineData("dynsec init", 3, "dynsec init: Not enough arguments - filename, or admin-user missing.\nError: Invalid function arguments provided.\n")]
    [InlineData("dynsec init a b c d", 3, "dynsec init: Too many arguments.\nError: Invalid function arguments provided.\n")]
    [InlineData("-Z dynsec listClients", 1, "Error: Unknown option '-Z'.\n\nUse 'nightjar ctrl --help' to see usage.\n")]
    [InlineData("-o /nonexistent/file dynsec listClients", 1, "Error: Unable to open options file /nonexistent/file: No such file or directory.\n")]
    [InlineData("-f /nonexistent/file dynsec listClients", 1, "Error: Unable to use /nonexistent/file: No such file or directory.\n")]
    public async Task Mistakes_HaveMosquittosCodes(string line, int code, string errors)
    {
        Assert.Equal(code, await _console.RunAsync(line.Split(' ')));
        Assert.Equal((errors, ""), (_console.Errors, _console.Output));
    }

    [Theory]
    [InlineData("dynsec help", 0, "\nDynamic Security module\n=======================\n")]
    [InlineData("broker help", 0, "\nBroker Control module\n=====================\n")]
    [InlineData("--help", 1, "nightjar ctrl administers a broker")]
    [InlineData("dynsec", 1, "nightjar ctrl administers a broker")]
    [InlineData("--version", 1, "nightjar ctrl version ")]
    public async Task Help_IsOnTheStandardOutput(string line, int code, string start)
    {
        Assert.Equal(code, await _console.RunAsync(line.Split(' ')));
        Assert.StartsWith(start, _console.Output, StringComparison.Ordinal);
        Assert.Equal("", _console.Errors);
    }

    [Fact]
    public async Task Broker_ThatIsNotThere_IsNamedAfterTheWarning()
    {
        Assert.Equal(14, await _console.RunAsync("-h", "127.0.0.1", "-p", ClosedPort(), "dynsec", "listClients"));
        Assert.Equal(
            "Warning: You are running mosquitto_ctrl without encryption.\nThis means all of the configuration changes you are making are visible on the network, including passwords.\n\n" +
            "Error: Connection refused\n",
            _console.Errors);
    }

    [Fact]
    public async Task Quiet_SaysNothingOfWhatGoesWrong()
    {
        Assert.Equal(14, await _console.RunAsync("--quiet", "-h", "127.0.0.1", "-p", ClosedPort(), "dynsec", "listClients"));
        Assert.Equal("", _console.Errors);
    }

    [Fact]
    public async Task Tls_MakesNoWarning()
    {
        Assert.Equal(14, await _console.RunAsync("-h", "127.0.0.1", "-p", ClosedPort(), "--tls-use-os-certs", "dynsec", "listClients"));
        Assert.Equal("Error: Connection refused\n", _console.Errors);
    }

    [Fact]
    public async Task Password_ThatIsMissing_IsAskedForAndMustNotBeEmpty()
    {
        Assert.Equal(1, await _console.RunAsync("-u", "ann", "dynsec", "listClients"));
        Assert.Equal("Password for ann: \n", _console.Output);
        Assert.EndsWith("\n\nError: Empty password.\nError getting password.\n", _console.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NewPassword_ThatIsNotTheSameTwice_EndsBeforeTheBrokerIsAsked()
    {
        using var console = new TestConsole("a", "b");

        Assert.Equal(1, await console.RunAsync("dynsec", "createClient", "ann"));

        Assert.Equal("Enter new password for ann. Press return for no password (user will be unable to login).\nNew password for ann: \nReenter password for ann: \n", console.Output);
        Assert.Equal("Error: Passwords do not match.\n", console.Errors);
    }

    internal static string ClosedPort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port.ToString(CultureInfo.InvariantCulture);
    }
}
