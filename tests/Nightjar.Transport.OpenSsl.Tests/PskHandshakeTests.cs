using System.Net.Sockets;
using System.Security.Authentication;
using Nightjar.Testing;
using Nightjar.Transport.OpenSsl.Keys;
using Nightjar.Transport.Tests;
using Xunit;

namespace Nightjar.Transport.OpenSsl.Tests;

public sealed class PskHandshakeTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100_000)]
    public async Task Handshake_InPieces_Succeeds(int piece)
    {
        var leaks = new LeakCheck();
        using PskServerContext server = PskPair.CreateServer(leaks.Pool);
        using PskClientContext context = PskPair.CreateClient(leaks.Pool);
        await using (RecordingRelay relay = await RecordingRelay.CreateAsync(leaks, piece))
        {
            await using TransportConnection accepted = server.Wrap(relay.Server);
            Task<byte[]> reading = accepted.ReadAsync(5);
            Assert.Null(accepted.Tls);
            await using TransportConnection client = await context.ConnectAsync(relay.Client, "", CancellationToken.None).AsTask().WaitAsync(Wire.Guard);
            client.Send("hello"u8);
            Assert.Equal("hello"u8.ToArray(), await reading);
            Assert.Equal(PskPair.Identity, accepted.Tls!.PskIdentity);
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    [Theory]
    [InlineData(1, 'a')]
    [InlineData(128, '+')]
    [InlineData(200, '%')]
    [InlineData(255, '"')]
    [InlineData(40, '\u00e9')]
    [InlineData(40, '\t')]
    [InlineData(40, '\u65e5')]
    public async Task Identity_OfOddCharacters_IsThePeers(int length, char character)
    {
        string identity = new(character, length);
        var leaks = new LeakCheck();
        await using (PskPair pair = await PskPair.CreateAsync(TransportKind.Memory, leaks, identity: identity))
        {
            Assert.Equal(identity, pair.Server.Tls!.PskIdentity);
            Assert.Equal(identity, pair.Client.Tls!.PskIdentity);
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    [Fact]
    public async Task UnknownIdentity_AndWrongKey_LookTheSameToThePeer()
    {
        string wrongKey = await RefuseAsync(PskPair.Identity, new PskKey([1, 2, 3, 4]));
        Assert.EndsWith("21/215030300020214", wrongKey, StringComparison.Ordinal);
        foreach (string identity in new[] { "nobody", "SENSOR", "sensor ", "sens", new string('x', 255) })
            Assert.Equal(wrongKey, await RefuseAsync(identity, PskPair.Key));
    }

    [Fact]
    public async Task UnknownIdentity_WithNoKeysAtAll_GetsTheSameAlert()
    {
        var leaks = new LeakCheck();
        using var server = new PskServerContext(new PskServerOptions { Keys = new Dictionary<string, PskKey>(), BufferPool = leaks.Pool });
        Assert.EndsWith("21/215030300020214", await RefuseAsync(server, leaks, "nobody", PskPair.Key), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("\u0010\u000c\u0000\u0004MQTT\u0004\u0002\u0000\u003c\u0000\u0000")]
    [InlineData("\u0016\u0003\u0001\u0000\u0004\u0001\u0000\u0000\u0000")]
    [InlineData("\u0016\u0003\u0001\u0040\u0000\u0001\u00ff\u00ff\u00ff")]
    [InlineData("\u0015\u0003\u0003\u0000\u0002\u0002\u0028")]
    [InlineData("\u0017\u0003\u0003\u0000\u0001x")]
    public async Task Garbage_InsteadOfAClientHello_EndsTheConnectionWithAReason(string bytes)
    {
        var leaks = new LeakCheck();
        using PskServerContext server = PskPair.CreateServer(leaks.Pool);
        await using (TransportPair below = await TransportPair.CreateAsync(TransportKind.Socket, leaks.Pool))
        {
            await using TransportConnection accepted = server.Wrap(below.Server);
            below.Client.Send(System.Text.Encoding.Latin1.GetBytes(bytes));
            below.Client.Output.Complete();
            Assert.Empty(await accepted.ReadToEndAsync());
            Assert.Equal(SocketError.ConnectionAborted, accepted.Error);
            Assert.False(string.IsNullOrEmpty(accepted.Failure));
            Assert.Null(accepted.Tls);
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    [Fact]
    public async Task Peer_EndingInTheMiddleOfTheHandshake_CompletesTheRead()
    {
        var leaks = new LeakCheck();
        using PskServerContext server = PskPair.CreateServer(leaks.Pool);
        await using (TransportPair below = await TransportPair.CreateAsync(TransportKind.Memory, leaks.Pool))
        {
            await using TransportConnection accepted = server.Wrap(below.Server);
            Task<byte[]> reading = accepted.ReadToEndAsync();
            below.Client.Send([0x16, 0x03, 0x01, 0x01, 0x00, 0x01]);
            Assert.False(reading.IsCompleted);
            below.Client.Output.Complete();
            Assert.Empty(await reading);
            Assert.Contains("during the TLS handshake", accepted.Failure, StringComparison.Ordinal);
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    [Fact]
    public async Task Peer_ThatConnectsAndEnds_IsNoFailureOfTls()
    {
        var leaks = new LeakCheck();
        using PskServerContext server = PskPair.CreateServer(leaks.Pool);
        await using (TransportPair below = await TransportPair.CreateAsync(TransportKind.Memory, leaks.Pool))
        {
            await using TransportConnection accepted = server.Wrap(below.Server);
            Task<byte[]> reading = accepted.ReadToEndAsync();
            below.Client.Abort();
            Assert.Empty(await reading);
            Assert.Equal(SocketError.ConnectionReset, accepted.Error);
            Assert.Null(accepted.Failure);
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task End_DuringTheHandshake_LosesWhatWaitsForItAndGivesEverythingBack(bool inOrder)
    {
        var leaks = new LeakCheck();
        using PskServerContext server = PskPair.CreateServer(leaks.Pool);
        await using (TransportPair below = await TransportPair.CreateAsync(TransportKind.Memory, leaks.Pool))
        {
            await using TransportConnection accepted = server.Wrap(below.Server);
            Task<byte[]> reading = accepted.ReadToEndAsync();
            accepted.Send("too early"u8);
            below.Client.Send([0x16, 0x03, 0x01, 0x01, 0x00, 0x01]);
            if (inOrder)
                await accepted.CloseAsync(TimeSpan.Zero).AsTask().WaitAsync(Wire.Guard);
            else
                accepted.Abort();
            Assert.Empty(await reading);
            Assert.Empty(await below.Client.ReadToEndAsync());
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    [Fact]
    public async Task Output_WrittenBeforeTheHandshake_FollowsIt()
    {
        var leaks = new LeakCheck();
        using PskServerContext server = PskPair.CreateServer(leaks.Pool);
        using PskClientContext context = PskPair.CreateClient(leaks.Pool);
        await using (TransportPair below = await TransportPair.CreateAsync(TransportKind.Memory, leaks.Pool))
        {
            await using TransportConnection accepted = server.Wrap(below.Server);
            accepted.Send("greeting"u8);
            Task<byte[]> reading = accepted.ReadToEndAsync();
            await using TransportConnection client = await context.ConnectAsync(below.Client, "", CancellationToken.None);
            Assert.Equal("greeting"u8.ToArray(), await client.ReadAsync(8));
            await client.CloseAsync(TimeSpan.Zero);
            await reading;
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    [Fact]
    public async Task Connect_Cancelled_GivesUp()
    {
        var leaks = new LeakCheck();
        using PskClientContext context = PskPair.CreateClient(leaks.Pool);
        using var cancellation = new CancellationTokenSource();
        await using (TransportPair below = await TransportPair.CreateAsync(TransportKind.Memory, leaks.Pool))
        {
            Task connecting = context.ConnectAsync(below.Client, "", cancellation.Token).AsTask();
            await below.Server.ReadAsync(1);
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.WaitAsync(Wire.Guard));
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    private static async Task<string> RefuseAsync(string identity, PskKey key)
    {
        var leaks = new LeakCheck();
        using PskServerContext server = PskPair.CreateServer(leaks.Pool);
        return await RefuseAsync(server, leaks, identity, key);
    }

    private static async Task<string> RefuseAsync(PskServerContext server, LeakCheck leaks, string identity, PskKey key)
    {
        using PskClientContext context = PskPair.CreateClient(leaks.Pool, identity, key);
        string records;
        await using (RecordingRelay relay = await RecordingRelay.CreateAsync(leaks, 100_000))
        {
            await using TransportConnection accepted = server.Wrap(relay.Server);
            Task<byte[]> reading = accepted.ReadToEndAsync();
            var failure = await Assert.ThrowsAsync<AuthenticationException>(
                () => context.ConnectAsync(relay.Client, "", CancellationToken.None).AsTask().WaitAsync(Wire.Guard));
            Assert.Contains("bad record mac", failure.Message, StringComparison.Ordinal);
            Assert.Empty(await reading);
            Assert.Equal(identity != PskPair.Identity, accepted.Failure!.Contains("is not known", StringComparison.Ordinal));
            records = await relay.GetServerRecordsAsync();
        }
        await leaks.AssertReturnsToZeroAsync();
        return records;
    }
}
