using Nightjar.Host.Verbs;
using Xunit;

namespace Nightjar.Host.Tests;

public sealed class RunArgumentsTests
{
    [Fact]
    public void TryParse_ConfigurationPortsAndVerbose_AreTaken()
    {
        Assert.True(RunArguments.TryParse(["-c", "a.conf", "-p", "1884", "--port", "1885", "-v"], out var arguments, out _));
        Assert.Equal(("a.conf", true), (arguments.ConfigurationFile, arguments.Verbose));
        Assert.Equal([1884, 1885], arguments.Ports);
    }

    [Theory]
    [InlineData("-c", "Error: -c argument given, but no config file specified.")]
    [InlineData("-p", "Error: -p argument given, but no port specified.")]
    [InlineData("-x", "Error: Unknown option '-x'. 'nightjar --help' lists the options.")]
    [InlineData("--test-config", "Error: --test-config needs -c with the file to check.")]
    public void TryParse_Wrong_SaysWhat(string argument, string message)
    {
        Assert.False(RunArguments.TryParse([argument], out _, out var said));
        Assert.Equal(message, said);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("x")]
    [InlineData("-1")]
    public void TryParse_PortOutOfRange_SaysSo(string port)
    {
        Assert.False(RunArguments.TryParse(["-p", port], out _, out var said));
        Assert.Equal($"Error: Invalid port specified ({port}).", said);
    }

    [Fact]
    public void TryParse_DaemonAndKeyLog_AreTaken()
    {
        Assert.True(RunArguments.TryParse(["-d", "--tls-keylog", "keys"], out var arguments, out _));
        Assert.True(arguments.Daemon);
        Assert.Equal("keys", arguments.KeyLogFile);
        Assert.False(RunArguments.TryParse(["--tls-keylog"], out _, out var said));
        Assert.Equal("Error: --tls-keylog argument given, but no file specified.", said);
    }

    [Fact]
    public void TryParse_ElevenPorts_AreTooMany()
    {
        var ports = Enumerable.Range(2000, 11).SelectMany(port => new[] { "-p", $"{port}" }).ToArray();
        Assert.False(RunArguments.TryParse(ports, out _, out var said));
        Assert.Equal("Error: Only 10 ports can be specified.", said);
    }

    [Theory]
    [InlineData(3, "-x")]
    [InlineData(3, "-c", "/nonexistent/none.conf")]
    [InlineData(0, "--version")]
    [InlineData(0, "--help")]
    public async Task RunAsync_WithoutServing_ExitsWithMosquittosCode(int code, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal(code, await RunVerb.RunAsync(arguments, output, error));
        Assert.NotEmpty(code == 0 ? output.ToString() : error.ToString());
    }
}
