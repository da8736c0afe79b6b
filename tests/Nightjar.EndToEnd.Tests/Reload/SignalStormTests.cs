using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Nightjar.EndToEnd.Tests.Tools;
using Nightjar.Protocol;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Nightjar.Transport;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Reload;

/// <summary>
/// SIGHUP fifty times a second under load, while password and access files flip between two contents: nobody whom both contents let in is refused
/// or disconnected, nobody whom both keep out gets in, and what both deny is never delivered.
/// </summary>
public sealed class SignalStormTests : IDisposable
{
    private const int Signals = 250;

    // What the collector leaves lying about; hundreds of authenticators and contexts that are not let go of would be more.
    private const int MoreMegabytes = 100;
    private static readonly TimeSpan s_period = TimeSpan.FromMilliseconds(20);
    private readonly string _folder = Directory.CreateTempSubdirectory("nightjar-storm-").FullName;
    private readonly string[] _passwords;
    private readonly string[] _rights;
    private readonly ConcurrentQueue<string> _faults = [];

    public SignalStormTests()
    {
        Differential.AccessSetup.MakeReadable(_folder, "755");
        string both = Line("both"), a = Line("a"), b = Line("b");
        _passwords = [$"{both}\n{a}\n", $"{b}\n{both}\n"];
        const string Common = "topic readwrite yes/#\ntopic deny yes/no\n";
        _rights = [$"user both\n{Common}topic readwrite some/#\nuser a\n{Common}\n", $"user b\n{Common}user both\n{Common}"];
        Flip(0);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Storm_UnderLoad_DropsNobody_AndLetsNobodyIn()
    {
        if (!OperatingSystem.IsLinux()) return;
        await using var broker = await BrokerProcess.StartAsync($"password_file {_folder}/passwords\nacl_file {_folder}/acl\nmax_authentication_delay 0\nlog_type error\nlog_type information\nconnection_messages false\nmax_queued_messages 0\n");
        await CycleAsync(broker, 25, CancellationToken.None);
        var descriptors = DescriptorsOf(broker);
        var memory = ResidentMegabytesOf(broker);
        using var stop = new CancellationTokenSource();
        var counts = new int[5];
        Task[] load =
        [
            PairAsync(broker.Port, "slow", TimeSpan.FromMilliseconds(50), counts, 0, stop.Token),
            PairAsync(broker.Port, "fast", TimeSpan.Zero, counts, 1, stop.Token),
            ConnectAgainAndAgainAsync(broker.Port, counts, stop.Token),
            WatchDeniedAsync(broker.Port, stop.Token),
        ];
        await CycleAsync(broker, Signals, stop.Token);
        await stop.CancelAsync();
        await Task.WhenAll(load);
        Assert.Empty(_faults.Take(10));
        Assert.All(counts[..3], count => Assert.True(count > 20, string.Join(' ', counts)));
        // Both contents were in force while somebody asked.
        Assert.All(counts[3..], count => Assert.True(count > 0, string.Join(' ', counts)));
        await Wait.UntilAsync(() => DescriptorsOf(broker) <= descriptors + 4, $"the {descriptors} descriptors of before; there are {DescriptorsOf(broker)}");
        Assert.InRange(ResidentMegabytesOf(broker), 0, memory + MoreMegabytes);
        Assert.DoesNotContain("rror", broker.Log, StringComparison.Ordinal);
        await broker.StopAsync();
    }

    // One signal each period, the files flipped between; waits for the last reload.
    private async Task CycleAsync(BrokerProcess broker, int signals, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(s_period);
        for (var i = 0; i < signals; i++)
        {
            await timer.WaitForNextTickAsync(cancellationToken);
            Flip(i);
            broker.Process.Signal(SignalNumber.Reload);
        }

        var done = Reloads(broker);
        broker.Process.Signal(SignalNumber.Reload);
        await Wait.UntilAsync(() => Reloads(broker) > done, "a reload after the last signal");
    }

    private static int Reloads(BrokerProcess broker) => broker.Log.Split('\n').Count(line => line.Contains("Config reloaded:", StringComparison.Ordinal));

    // Renamed into place, as an administrator does it who wants no half files.
    private void Flip(int content)
    {
        Replace("passwords", _passwords[content & 1]);
        Replace("acl", _rights[content & 1]);
    }

    private void Replace(string name, string content)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path + ".new", content);
        Differential.AccessSetup.MakeReadable(path + ".new", "644");
        File.Move(path + ".new", path, overwrite: true);
    }

    // QoS 1 from one client to another, each message awaited: none is lost, none refused, none late.
    private async Task PairAsync(int port, string name, TimeSpan period, int[] counts, int counter, CancellationToken cancellationToken)
    {
        await using var reader = await ConnectAsync(port, name + "-reader", "both");
        await using var writer = await ConnectAsync(port, name + "-writer", "both");
        if (reader.ConnAck is not [_, _, _, 0, ..] || writer.ConnAck is not [_, _, _, 0, ..])
        {
            _faults.Enqueue($"{name}: not let in");
            return;
        }

        await reader.SubscribeAsync("yes/" + name, QualityOfService.AtLeastOnce);
        for (var i = 0; !cancellationToken.IsCancellationRequested; i++)
        {
            var text = i.ToString(CultureInfo.InvariantCulture);
            await writer.PublishAsync("yes/" + name, text, QualityOfService.AtLeastOnce);
            var acknowledged = await writer.TryReceiveAsync();
            if (acknowledged is not [0x40, 2, ..]) _faults.Enqueue($"{name} {i}: acknowledged with {Hex(acknowledged)}");
            var received = await reader.TryReceiveAsync();
            if (received is null || ReceivedPublish.Read(received, reader.Version) is not { } publish || publish.Payload != text)
            {
                _faults.Enqueue($"{name} {i}: received {Hex(received)}");
                return;
            }

            await reader.SendAsync(WirePackets.Ack(PacketType.PubAck, publish.PacketId, reader.Version));
            counts[counter]++;
            if (period > TimeSpan.Zero) await DelayAsync(period, cancellationToken);
        }
    }

    // The load's own pace, not a wait for anything.
    private static Task DelayAsync(TimeSpan period, CancellationToken cancellationToken) =>
        Task.Delay(period, cancellationToken).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private async Task ConnectAgainAndAgainAsync(int port, int[] counts, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (var (user, password) in new[] { ("both", "p"), ("a", "p"), ("b", "p"), ("both", "wrong"), ("neither", "p"), ("a", "wrong"), ("", "") })
            {
                // An id for each: one who comes before the end of the connection before is noticed would be refused somebody else's session.
                await using var client = await ConnectAsync(port, "again-" + user, user, password);
                var isIn = client.ConnAck is [_, _, _, 0, ..];
                if (user == "both" && password == "p" != isIn) _faults.Enqueue($"{user} {password}: CONNACK {Hex(client.ConnAck)}");
                if (isIn && (password != "p" || user is "neither" or "")) _faults.Enqueue($"{user} {password} was let in");
                if (user is "a" or "b" && isIn) counts[user == "a" ? 3 : 4]++;
            }

            counts[2]++;
        }
    }

    // What both contents deny, and what the user may do under one of them only.
    private async Task WatchDeniedAsync(int port, CancellationToken cancellationToken)
    {
        await using var reader = await ConnectAsync(port, "watch-reader", "both");
        await using var writer = await ConnectAsync(port, "watch-writer", "both");
        // Subscribing is granted or refused by the content of the moment; a grant is enough.
        await reader.SubscribeAsync("#");
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (var topic in new[] { "yes/no", "no/yes", "some/times" })
            {
                await writer.PublishAsync(topic, "x", QualityOfService.AtLeastOnce);
                var answer = await writer.TryReceiveAsync();
                if (answer is null) _faults.Enqueue("the writer was disconnected");
                if (topic != "some/times" && answer is not [0x40, 3, _, _, 0x87]) _faults.Enqueue($"{topic} was acknowledged with {Hex(answer)}");
            }

            await reader.SendAsync("C0 00");
            while (await reader.TryReceiveAsync() is { } packet && packet[0] != 0xD0)
            {
                var publish = ReceivedPublish.Read(packet, reader.Version);
                if (publish.Topic is "yes/no" or "no/yes") _faults.Enqueue($"{publish.Topic} was delivered");
            }
        }
    }

    private static async Task<WireClient> ConnectAsync(int port, string clientId, string user, string password = "p")
    {
        var client = new WireClient(
            await SocketTransport.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), new SocketTransportOptions(), CancellationToken.None), ProtocolVersion.Mqtt50);
        await client.SendAsync(user.Length == 0
            ? WirePackets.Connect(ProtocolVersion.Mqtt50, clientId)
            : WirePackets.Connect(ProtocolVersion.Mqtt50, clientId, userName: user, password: Encoding.UTF8.GetBytes(password)));
        client.ConnAck = await client.TryReceiveAsync() ?? [];
        return client;
    }

    private static int DescriptorsOf(BrokerProcess broker) => Directory.GetFileSystemEntries(string.Create(CultureInfo.InvariantCulture, $"/proc/{broker.Process.Id}/fd")).Length;

    private static int ResidentMegabytesOf(BrokerProcess broker)
    {
        var line = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{broker.Process.Id}/status")).First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return int.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
    }

    private static string Hex(byte[]? packet) => packet is null ? "the end" : Convert.ToHexString(packet);

    private static string Line(string user)
    {
        var salt = RandomNumberGenerator.GetBytes(12);
        return $"{user}:$7$101${Convert.ToBase64String(salt)}${Convert.ToBase64String(Rfc2898DeriveBytes.Pbkdf2("p", salt, 101, HashAlgorithmName.SHA512, 64))}";
    }
}
