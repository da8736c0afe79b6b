using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Tests.Collections;
using Nightjar.Protocol;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Nightjar.Transport;
using Nightjar.Transport.Buffers;
using Xunit;

namespace Nightjar.Broker.Tests.Limits;

/// <summary>Some of the attacks over real sockets, on the real clock.</summary>
[Collection(MeasuredAlone.Name)]
public sealed partial class SocketLimitTests
{
    [Fact]
    public async Task Connect_AByteAtATime_IsClosedInTimeAndSoIsSilence()
    {
        await using var broker = await StartAsync(LimitTests.Options with { ConnectTimeout = TimeSpan.FromMilliseconds(500) });
        var start = Stopwatch.GetTimestamp();
        await using var silent = await OpenAsync(broker);
        await using var slow = await OpenAsync(broker);
        var connect = WirePackets.Connect(ProtocolVersion.Mqtt50, new string('c', 10_000));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        var ended = slow.ExpectClosedAsync();
        var sent = 0;
        while (!ended.IsCompleted)
        {
            await slow.SendAsync(connect.AsMemory(sent++, 1));
            await timer.WaitForNextTickAsync();
        }

        await ended;
        await silent.ExpectClosedAsync();
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0.4, 20);
        await Wait.UntilAsync(() => broker.ConnectionCount == 0, "the connections to end");
    }

    [Fact]
    public async Task SlowConsumer_OverTcp_IsBoundedAndOthersLoseNothing()
    {
        const int Messages = 20_000;
        const int OutputCap = 256 * 1024;
        await using var broker = await StartAsync(LimitTests.Options with { MaximumOutputBufferBytes = OutputCap });
        await using var slow = await ConnectAsync(broker, "slow");
        await using var good = await ConnectAsync(broker, "good");
        await using var publisher = await ConnectAsync(broker, "publisher");
        await slow.SubscribeAsync("t");
        await good.SubscribeAsync("t");
        var session = broker.Session("slow");
        var payload = new string('x', 1024);
        for (var sent = 0; sent < Messages; sent += 100)
        {
            for (var i = 0; i < 100; i++) await publisher.PublishAsync("t", payload);
            for (var i = 0; i < 100; i++) Assert.Equal(1024, (await good.ReceivePublishAsync()).Payload.Length);
            Assert.InRange(session.Link!.Output.UnsentBytes, 0, OutputCap + 2048);
        }

        Assert.InRange(session.Dropped, 1, Messages);
        for (var i = session.Dropped; i < Messages; i++) await slow.ReceivePublishAsync();
        await slow.ExpectNothingAsync();
    }

    [Fact]
    public async Task Descriptors_WhenTheyRunOut_AreWaitedForWithoutSpinning()
    {
        if (!OperatingSystem.IsLinux()) return;
        const int Clients = 20;
        var refusals = 0;
        await using var broker = await StartAsync(LimitTests.Options);
        await using (var before = await ConnectAsync(broker, "before")) await before.ExpectNothingAsync();
        var sockets = Enumerable.Range(0, Clients).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)).ToArray();
        Assert.Equal(0, GetLimit(NoFile, out var limit));
        try
        {
            // As many as are open now, and the one of the listing itself: no accept can succeed.
            Assert.Equal(0, SetLimit(NoFile, limit with { Soft = (ulong)Directory.EnumerateFileSystemEntries("/proc/self/fd").Count() - 1 }));
            foreach (var socket in sockets) await socket.ConnectAsync(broker.EndPoints[0]);
            AppDomain.CurrentDomain.FirstChanceException += CountRefusals;
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1500));
            await timer.WaitForNextTickAsync();
            // Each attempt that fails throws, in two or three places; with waits of 5 ms that double up to half a second there are about ten.
            Assert.InRange(Volatile.Read(ref refusals), 1, 100);
        }
        finally
        {
            AppDomain.CurrentDomain.FirstChanceException -= CountRefusals;
            Assert.Equal(0, SetLimit(NoFile, limit));
        }

        await Wait.UntilAsync(() => broker.ConnectionCount == Clients, "the connections to be accepted");
        await using (var after = await ConnectAsync(broker, "after")) await after.ExpectNothingAsync();
        foreach (var socket in sockets) socket.Dispose();
        await Wait.UntilAsync(() => broker.ConnectionCount == 0, "the connections to end");

        void CountRefusals(object? sender, System.Runtime.ExceptionServices.FirstChanceExceptionEventArgs args)
        {
            if (args.Exception is SocketException) Interlocked.Increment(ref refusals);
        }
    }

    private static async Task<MqttBroker> StartAsync(BrokerOptions options)
    {
        var broker = new MqttBroker(options with { Listeners = [new ListenerOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0) }] });
        await broker.StartAsync();
        return broker;
    }

    private static async Task<WireClient> OpenAsync(MqttBroker broker) =>
        new(await SocketTransport.ConnectAsync(broker.EndPoints[0], new SocketTransportOptions { BufferPool = new BufferPool() }, CancellationToken.None), ProtocolVersion.Mqtt50);

    private static async Task<WireClient> ConnectAsync(MqttBroker broker, string clientId)
    {
        var client = await OpenAsync(broker);
        await client.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt50, clientId));
        Assert.Equal(0, (await client.ReceiveAsync())[3]);
        return client;
    }

    private const int NoFile = 7;

    [StructLayout(LayoutKind.Sequential)]
    private record struct Limit(ulong Soft, ulong Hard);

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out Limit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in Limit limit);
}
