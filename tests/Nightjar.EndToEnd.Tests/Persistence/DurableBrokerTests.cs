using System.Globalization;
using System.Net;
using System.Runtime.Versioning;
using Nightjar.EndToEnd.Tests.Tools;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Transport;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Persistence;

/// <summary>The executable with <c>persistence true</c>: killed and started again, it has what it acknowledged.</summary>
public sealed class DurableBrokerTests : IDisposable
{
    private const int Save = 10;
    private readonly PublicFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311, "always")]
    [InlineData(ProtocolVersion.Mqtt50, "always")]
    [InlineData(ProtocolVersion.Mqtt50, "interval 100")]
    public async Task KilledBroker_StartedAgain_HasEverythingThatWasAcknowledged(ProtocolVersion version, string sync)
    {
        string more = $"persistence_sync {sync}\nqueued_messages_in_memory 5\n";
        await using (BrokerProcess broker = await StartAsync(more))
        {
            await using WireClient subscriber = await ConnectAsync(broker, "s", version);
            await subscriber.SubscribeAsync("q/#", QualityOfService.ExactlyOnce);
            await subscriber.SubscribeAsync("last/words", QualityOfService.AtLeastOnce);
            await subscriber.DisconnectAsync();
            await using WireClient publisher = await ConnectAsync(broker, "p", version, new TestWill("last/words", "gone", QualityOfService.AtLeastOnce));
            for (int i = 0; i < 100; i++) await PublishAsync(publisher, $"q/{i % 3}", $"{i}", i % 2 == 0 ? QualityOfService.AtLeastOnce : QualityOfService.ExactlyOnce);
            await PublishAsync(publisher, "kept", "retained", QualityOfService.AtLeastOnce, retain: true);
            broker.Process.Kill();
            await broker.Process.WaitForExitAsync();
        }

        await using BrokerProcess next = await StartAsync(more);
        await next.WaitForLogAsync("Recovered 2 sessions, 100 messages waiting for them and 1 retained messages.");
        await using WireClient again = await ConnectAsync(next, "s", version);
        Assert.True(again.SessionPresent);
        await ReceiveAsync(again, 100, released: 50, wills: 1);
        await using WireClient reader = await ConnectAsync(next, "r", version, durable: false);
        await reader.SubscribeAsync("kept");
        Assert.Equal("retained", (await reader.ReceivePublishAsync()).Payload);
        await next.StopAsync();
    }

    [Fact]
    public async Task StoppedBroker_StartedAgain_HasEverythingAndLeavesNoLog()
    {
        await using (BrokerProcess broker = await StartAsync())
        {
            await LeaveAsync(broker);
            await using WireClient publisher = await ConnectAsync(broker, "p", ProtocolVersion.Mqtt50);
            await PublishAsync(publisher, "q", "0", QualityOfService.AtLeastOnce);
            await broker.StopAsync();
            Assert.Contains($"Saving in-memory database to {_folder["nightjar.db"]}.", broker.Log, StringComparison.Ordinal);
        }

        Assert.False(File.Exists(_folder["nightjar.db-wal"]));
        await using BrokerProcess next = await StartAsync();
        await using WireClient again = await ConnectAsync(next, "s", ProtocolVersion.Mqtt50);
        await ReceiveAsync(again, 1);
    }

    [Fact]
    public async Task SecondBroker_OnTheSameFile_IsRefused()
    {
        await using BrokerProcess broker = await StartAsync();
        ProcessResult second = await RunAsync($"persistence true\npersistence_location {_folder.Path}\n");
        Assert.Equal(1, second.ExitCode);
        Assert.Contains($"Error: {_folder["nightjar.db"]}: the store is in use by another process.", second.Errors, StringComparison.Ordinal);
        await using WireClient client = await ConnectAsync(broker, "c", ProtocolVersion.Mqtt50);
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Signal_ToSave_WritesTheLogIntoTheFile()
    {
        await using BrokerProcess broker = await StartAsync("persistence_sync mosquitto\nautosave_interval 0\n");
        await LeaveAsync(broker);
        await using WireClient publisher = await ConnectAsync(broker, "p", ProtocolVersion.Mqtt50);
        for (int i = 0; i < 50; i++) await PublishAsync(publisher, "q", $"{i}", QualityOfService.AtLeastOnce);
        broker.Process.Signal(Save);
        await broker.WaitForLogAsync($"Saving in-memory database to {_folder["nightjar.db"]}.");
        await Nightjar.Testing.Wait.UntilAsync(() => new FileInfo(_folder["nightjar.db-wal"]).Length == 0, "the log to be in the file");
    }

    [Fact]
    public async Task FileOfMosquitto_BesideOurs_IsNotTouched()
    {
        byte[] content = [0, 0xB5, 0, (byte)'m', .. "osquitto db"u8, 0, 0, 0, 0, 0, 0, 0, 0, 6];
        await File.WriteAllBytesAsync(_folder["mosquitto.db"], content);
        await using BrokerProcess broker = await StartAsync();
        await broker.WaitForLogAsync($"Warning: {_folder["mosquitto.db"]} was kept by Mosquitto and is not read.");
        await broker.StopAsync();
        Assert.Equal(content, await File.ReadAllBytesAsync(_folder["mosquitto.db"]));
        Assert.True(File.Exists(_folder["nightjar.db"]));
    }

    [Theory]
    [InlineData("persistence_location DIR\npersistence_file other.db", "DIR/other.db is not a store of Nightjar and is left alone.")]
    [InlineData("persistence_location DIR/none", "The directory of DIR/none/nightjar.db is not there.")]
    [InlineData("persistence_location DIR\npersistence_file folder", "DIR/folder is a directory.")]
    public async Task Place_ThatCannotBeUsed_IsRefusedWithWhatToDo(string lines, string message)
    {
        byte[] content = [0, 0xB5, 0, .. "mosquitto db"u8, 0, 0];
        await File.WriteAllBytesAsync(_folder["other.db"], content);
        Directory.CreateDirectory(_folder["folder"]);
        string configuration = "persistence true\n" + lines.Replace("DIR", _folder.Path, StringComparison.Ordinal);
        string expected = "Error: " + message.Replace("DIR", _folder.Path, StringComparison.Ordinal);
        ProcessResult start = await RunAsync(configuration);
        Assert.Equal((1, true), (start.ExitCode, start.Errors.Contains(expected, StringComparison.Ordinal)));
        ProcessResult check = await RunAsync(configuration, "--test-config");
        Assert.Equal((3, true), (check.ExitCode, check.Errors.Contains(expected, StringComparison.Ordinal)));
        Assert.Equal(content, await File.ReadAllBytesAsync(_folder["other.db"]));
    }

    [Fact]
    public async Task PluginOfMosquitto_MeansTheStore()
    {
        string configuration = $"allow_anonymous true\nuser root\nplugin /usr/lib/mosquitto_persist_sqlite.so\nplugin_opt_db_file {_folder["mosquitto.sqlite3"]}\nplugin_opt_sync normal\nplugin_opt_flush_period 1\n";
        await using (BrokerProcess broker = await BrokerProcess.StartAsync(configuration))
        {
            await LeaveAsync(broker);
            await using WireClient publisher = await ConnectAsync(broker, "p", ProtocolVersion.Mqtt50);
            await PublishAsync(publisher, "q", "0", QualityOfService.AtLeastOnce);
            broker.Process.Kill();
            await broker.Process.WaitForExitAsync();
        }

        Assert.True(File.Exists(_folder["nightjar.db"]));
        Assert.False(File.Exists(_folder["mosquitto.sqlite3"]));
        await using BrokerProcess next = await BrokerProcess.StartAsync(configuration);
        await using WireClient again = await ConnectAsync(next, "s", ProtocolVersion.Mqtt50);
        await ReceiveAsync(again, 1);
    }

    [Fact]
    public async Task Reload_OfAnotherPlace_TakesEffectAtTheNextStart()
    {
        await using BrokerProcess broker = await BrokerProcess.StartAsync(1, ports => Configuration(ports, "max_queued_messages 5\n"));
        await LeaveAsync(broker);
        await broker.ReloadAsync(ports => Configuration(ports, "persistence_sync interval 5\nmax_queued_messages 3\nqueue_full_policy drop_oldest\n"));
        Assert.Contains("Config changed: persistence_sync: always -> interval 5 (takes effect at the next start)", broker.Log, StringComparison.Ordinal);
        Assert.Contains("Config changed: queue_full_policy: drop_newest -> drop_oldest", broker.Log, StringComparison.Ordinal);
        await using WireClient publisher = await ConnectAsync(broker, "p", ProtocolVersion.Mqtt50);
        for (int i = -2; i < 3; i++) await PublishAsync(publisher, "q", $"{i}", QualityOfService.AtLeastOnce);
        await using WireClient again = await ConnectAsync(broker, "s", ProtocolVersion.Mqtt50);
        await ReceiveAsync(again, 3);
    }

    [Fact]
    [SupportedOSPlatform("linux")]
    public async Task FilesOfABrokerStartedAsRoot_BelongToTheUserThatItBecomes()
    {
        if (!Environment.IsPrivilegedProcess || !CanOthersRead()) return;
        (await ProcessRunner.RunAsync("chown", ["nobody", _folder.Path])).AssertExitCode(0);
        await using BrokerProcess broker = await BrokerProcess.StartAsync($"allow_anonymous true\nuser nobody\npersistence true\npersistence_location {_folder.Path}\n");
        await LeaveAsync(broker);
        foreach (string file in (string[])["nightjar.db", "nightjar.db-wal"])
        {
            string found = (await ProcessRunner.RunAsync("stat", ["-c", "%U %a", _folder[file]])).AssertExitCode(0).Output.Trim();
            Assert.Equal("nobody 600", found);
        }

        await broker.StopAsync();
    }

    [SupportedOSPlatform("linux")]
    private static bool CanOthersRead()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (!folder.UnixFileMode.HasFlag(UnixFileMode.OtherExecute)) return false;
        }

        return true;
    }

    private Task<BrokerProcess> StartAsync(string more = "") => BrokerProcess.StartAsync(1, ports => Configuration(ports, more));

    private string Configuration(IReadOnlyList<int> ports, string more) => string.Create(
        CultureInfo.InvariantCulture, $"listener {ports[0]} 127.0.0.1\nallow_anonymous true\nuser root\npersistence true\npersistence_location {_folder.Path}\n{more}");

    private async Task<ProcessResult> RunAsync(string configuration, params string[] arguments)
    {
        string path = _folder.Write("run.conf", string.Create(CultureInfo.InvariantCulture, $"listener {BrokerProcess.FreePorts(1)[0]} 127.0.0.1\nallow_anonymous true\nuser root\n{configuration}\n"));
        return await BrokerProcess.RunAsync(["-c", path, .. arguments]);
    }

    private static async Task LeaveAsync(BrokerProcess broker)
    {
        await using WireClient subscriber = await ConnectAsync(broker, "s", ProtocolVersion.Mqtt50);
        await subscriber.SubscribeAsync("q", QualityOfService.AtLeastOnce);
        await subscriber.DisconnectAsync();
    }

    private static async Task<WireClient> ConnectAsync(BrokerProcess broker, string clientId, ProtocolVersion version, TestWill? will = null, bool durable = true)
    {
        var client = new WireClient(
            await SocketTransport.ConnectAsync(new IPEndPoint(IPAddress.Loopback, broker.Port), new SocketTransportOptions(), CancellationToken.None), version);
        await client.SendAsync(WirePackets.Connect(version, clientId, cleanStart: !durable, sessionExpiry: durable ? uint.MaxValue : 0, will: will));
        client.ConnAck = await client.ReceiveAsync();
        Assert.Equal(0, client.ConnAck[3]);
        return client;
    }

    private static async Task PublishAsync(WireClient client, string topic, string payload, QualityOfService qos, bool retain = false)
    {
        await client.PublishAsync(topic, payload, qos, packetId: 7, retain);
        byte[] answer = await client.ReceiveAsync();
        Assert.Equal(qos == QualityOfService.AtLeastOnce ? PacketType.PubAck : PacketType.PubRec, (PacketType)(answer[0] >> 4));
        if (qos != QualityOfService.ExactlyOnce) return;
        await client.SendAsync("62 02 0007");
        await client.ExpectAsync("70 02 0007");
    }

    // All payloads in order, each once, and nothing else but as many PUBRELs and wills: that of a publisher whose broker was killed comes when the next one starts.
    private static async Task ReceiveAsync(WireClient client, int count, int released = 0, int wills = 0)
    {
        for (int received = 0; received < count || released > 0 || wills > 0;)
        {
            byte[] packet = await client.ReceiveAsync();
            if ((PacketType)(packet[0] >> 4) == PacketType.PubRel)
            {
                await client.SendAsync(WirePackets.Ack(PacketType.PubComp, (ushort)((packet[2] << 8) | packet[3]), client.Version));
                released--;
                continue;
            }

            ReceivedPublish publish = ReceivedPublish.Read(packet, client.Version);
            await client.SendAsync(WirePackets.Ack(publish.QoS == QualityOfService.AtLeastOnce ? PacketType.PubAck : PacketType.PubRec, publish.PacketId, client.Version));
            if (publish.Topic == "last/words")
            {
                Assert.Equal("gone", publish.Payload);
                wills--;
            }
            else
            {
                Assert.Equal($"{received++}", publish.Payload);
            }
        }

        Assert.Equal((0, 0), (released, wills));
        await client.ExpectNothingAsync();
    }
}
