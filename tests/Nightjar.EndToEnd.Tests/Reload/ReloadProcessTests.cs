using System.Globalization;
using System.Net;
using Nightjar.EndToEnd.Tests.Tools;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Transport;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Reload;

/// <summary>SIGHUP to the program itself, which may have been started as root and have become somebody else.</summary>
public sealed class ReloadProcessTests : IDisposable
{
    private const string Refused = "The configuration was not reloaded; everything is as it was.";
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"nightjar-acl-{Guid.NewGuid():N}");

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task SigHup_WithAFileThatTheBrokersUserMayNotRead_ChangesNothing()
    {
        if (!OperatingSystem.IsLinux()) return;
        Write("topic readwrite a", "644");
        await using var broker = await BrokerProcess.StartAsync($"allow_anonymous true\nacl_file {_file}\nlog_type all\n");
        await using var client = await ConnectAsync(broker.Port);
        await AssertMayAsync(client, "a", "b");

        Write("topic readwrite b", "000");
        broker.Process.Signal(SignalNumber.Reload);
        await broker.Process.WaitForLineAsync(line => line.EndsWith(Refused, StringComparison.Ordinal));
        Assert.Contains($"Error: Unable to open acl_file \"{_file}\".", broker.Log, StringComparison.Ordinal);
        await AssertMayAsync(client, "a", "b");

        Write("topic readwrite b", "644");
        broker.Process.Signal(SignalNumber.Reload);
        await broker.Process.WaitForLineAsync(line => line.Contains("Config reloaded:", StringComparison.Ordinal));
        await AssertMayAsync(client, "b", "a");
        await broker.StopAsync();
    }

    [Fact]
    public async Task SigHup_WithoutAConfigurationFile_SaysThatThereIsNothingToReload()
    {
        if (!OperatingSystem.IsLinux()) return;
        var (file, arguments) = BrokerProcess.Command();
        var port = Differential.AccessSetup.FreePort();
        await using var process = RunningProcess.Start(file, [.. arguments, "-p", port.ToString(CultureInfo.InvariantCulture)]);
        await process.WaitForLineAsync(line => line.EndsWith(" running", StringComparison.Ordinal));
        process.Signal(SignalNumber.Reload);
        await process.WaitForLineAsync(line => line.Contains("nothing to reload", StringComparison.Ordinal));
        await using var client = await ConnectAsync(port);
        Assert.Equal(0, (await process.StopAsync(BrokerProcess.StopTimeout)).ExitCode);
    }

    [RequiresToolFact("nohup")]
    public async Task SigHup_UnderNohup_Reloads()
    {
        var (file, arguments) = BrokerProcess.Command();
        var port = Differential.AccessSetup.FreePort();
        await using var process = RunningProcess.Start(ExternalTool.Require("nohup"), [file, .. arguments, "-p", port.ToString(CultureInfo.InvariantCulture)]);
        await process.WaitForLineAsync(line => line.EndsWith(" running", StringComparison.Ordinal));
        process.Signal(SignalNumber.Reload);
        await process.WaitForLineAsync(line => line.Contains("nothing to reload", StringComparison.Ordinal));
        Assert.Equal(0, (await process.StopAsync(BrokerProcess.StopTimeout)).ExitCode);
    }

    private static async Task AssertMayAsync(WireClient client, string allowed, string denied)
    {
        await client.PublishAsync(allowed, "x", QualityOfService.AtLeastOnce);
        await client.ExpectAsync("40 03 0001 10");
        await client.PublishAsync(denied, "x", QualityOfService.AtLeastOnce);
        await client.ExpectAsync("40 03 0001 87");
    }

    private static async Task<WireClient> ConnectAsync(int port)
    {
        var client = new WireClient(
            await SocketTransport.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), new SocketTransportOptions(), CancellationToken.None), ProtocolVersion.Mqtt50);
        await client.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt50, "c"));
        client.ConnAck = await client.ReceiveAsync();
        Assert.Equal(0, client.ConnAck[3]);
        return client;
    }

    private void Write(string content, string mode)
    {
        File.Delete(_file);
        File.WriteAllText(_file, content + "\n");
        Differential.AccessSetup.MakeReadable(_file, mode);
    }
}
