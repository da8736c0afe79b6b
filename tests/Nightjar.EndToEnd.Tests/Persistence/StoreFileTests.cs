using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using Nightjar.EndToEnd.Tests.Tools;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Transport;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Persistence;

/// <summary>The executable on a file that another version of it wrote, and on one that does not hold what was written.</summary>
public sealed class StoreFileTests : IDisposable
{
    private const int FormatOffset = 60;
    private const int PageSize = 4096;
    private readonly PublicFolder _folder = new();

    private string Store => _folder["nightjar.db"];

    public void Dispose() => _folder.Dispose();

    // A file that the first version wrote: every later one has to go on with it.
    [Fact]
    public async Task File_OfFormat1_IsGoneOnWith()
    {
        await UnpackAsync();
        Assert.Contains("The store is good.", (await BrokerProcess.RunAsync("store", "check", Store)).AssertExitCode(0).Output, StringComparison.Ordinal);
        await using BrokerProcess broker = await StartAsync();
        await broker.WaitForLogAsync("Recovered 2 sessions, 4 messages waiting for them and 1 retained messages.");
        await using WireClient s = await ConnectAsync(broker, "s");
        ReceivedPublish[] received = [await s.ReceivePublishAsync(), await s.ReceivePublishAsync(), await s.ReceivePublishAsync()];
        Assert.Equal(["q/0 0 ExactlyOnce", "q/1 1 AtLeastOnce", "shared 2 AtLeastOnce"], received.Select(publish => $"{publish.Topic} {publish.Payload} {publish.QoS}"));
        Assert.Equal([0x26, 0, 4, .. "unit"u8, 0, 1, .. "C"u8, 3, 0, 10, .. "text/plain"u8], received[0].Properties);
        await using WireClient old = await ConnectAsync(broker, "old");
        Assert.Equal("1", (await old.ReceivePublishAsync()).Payload);
        await ExpectRetainedAsync(broker);
        await broker.StopAsync();
    }

    [Fact]
    public async Task File_OfANewerFormat_IsRefusedWithWhatToDo_AndNotChanged()
    {
        await UnpackAsync();
        byte[] bytes = await File.ReadAllBytesAsync(Store);
        uint format = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(FormatOffset));
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(FormatOffset), 99);
        await File.WriteAllBytesAsync(Store, bytes);
        string expected = $"{Store}: the store has format 99, and this version of Nightjar knows up to {format}. Start the version that wrote it, or one that is newer.";
        ProcessResult start = await RunAsync();
        Assert.Equal((1, true), (start.ExitCode, start.Errors.Contains(expected, StringComparison.Ordinal)));
        ProcessResult check = await BrokerProcess.RunAsync("store", "check", Store);
        Assert.Equal((1, true), (check.ExitCode, check.Errors.Contains("format 99", StringComparison.Ordinal)));
        // Past the header, which SQLite marks as its write-ahead log is begun.
        Assert.Equal(bytes[100..], (await File.ReadAllBytesAsync(Store))[100..]);
    }

    [Fact]
    public async Task DamagedFile_IsRefusedWithWhatToDo_ThenRecoveredWhenToldTo()
    {
        await UnpackAsync();
        byte[] bytes = await File.ReadAllBytesAsync(Store);
        // The page with the messages: no other has their topics.
        int page = bytes.AsSpan().IndexOf("text/plain"u8) / PageSize;
        bytes.AsSpan(page * PageSize, PageSize).Fill(0xEE);
        await File.WriteAllBytesAsync(Store, bytes);
        ProcessResult start = await RunAsync();
        Assert.Equal(1, start.ExitCode);
        Assert.Contains($"Error: {Store}: the store is damaged (", start.Errors, StringComparison.Ordinal);
        Assert.Contains("Nothing was changed. Restore it from a copy, look at it with 'nightjar store check', or start once with persistence_recover true", start.Errors, StringComparison.Ordinal);
        ProcessResult check = await BrokerProcess.RunAsync("store", "check", Store);
        Assert.NotEqual(0, check.ExitCode);
        Assert.DoesNotContain("The store is good.", check.Output, StringComparison.Ordinal);
        Assert.Equal(bytes[100..], (await File.ReadAllBytesAsync(Store))[100..]);

        await using (BrokerProcess broker = await StartAsync("persistence_recover true\n"))
        {
            await broker.WaitForLogAsync($"the damaged file is kept as {Store}.damaged");
            // The messages are gone with their page; sessions and retained messages are not.
            await using WireClient s = await ConnectAsync(broker, "s");
            await s.ExpectNothingAsync();
            await ExpectRetainedAsync(broker);
            await broker.StopAsync();
        }

        Assert.Equal(bytes[100..], (await File.ReadAllBytesAsync(Store + ".damaged"))[100..]);
        await using BrokerProcess next = await StartAsync();
        await next.WaitForLogAsync("Recovered 2 sessions, 0 messages waiting for them and 1 retained messages.");
    }

    private async Task UnpackAsync()
    {
        await using Stream sample = typeof(StoreFileTests).Assembly.GetManifestResourceStream("format-1.db.gz")!;
        await using var unpacked = new GZipStream(sample, CompressionMode.Decompress);
        await using FileStream file = File.Create(Store);
        await unpacked.CopyToAsync(file);
    }

    private string Configuration(int port, string more) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture, $"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\npersistence true\npersistence_location {_folder.Path}\n{more}");

    private Task<BrokerProcess> StartAsync(string more = "") => BrokerProcess.StartAsync(1, ports => Configuration(ports[0], more));

    private Task<ProcessResult> RunAsync() => BrokerProcess.RunAsync("-c", _folder.Write("run.conf", Configuration(BrokerProcess.FreePorts(1)[0], "")));

    // By a client without a session: the SUBACK of others waits for the store, and the message does not.
    private static async Task ExpectRetainedAsync(BrokerProcess broker)
    {
        await using WireClient reader = await ConnectAsync(broker, "reader", isDurable: false);
        await reader.SubscribeAsync("kept");
        Assert.Equal("retained", (await reader.ReceivePublishAsync()).Payload);
    }

    private static async Task<WireClient> ConnectAsync(BrokerProcess broker, string clientId, bool isDurable = true)
    {
        var client = new WireClient(
            await SocketTransport.ConnectAsync(new IPEndPoint(IPAddress.Loopback, broker.Port), new SocketTransportOptions(), CancellationToken.None), ProtocolVersion.Mqtt50);
        await client.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt50, clientId, cleanStart: !isDurable, sessionExpiry: isDurable ? uint.MaxValue : 0));
        client.ConnAck = await client.ReceiveAsync();
        Assert.Equal((0, isDurable), (client.ConnAck[3], client.SessionPresent));
        return client;
    }
}
