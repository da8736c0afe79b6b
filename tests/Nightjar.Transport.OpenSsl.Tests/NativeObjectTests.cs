using Nightjar.Testing;
using Nightjar.Transport.OpenSsl.Interop;
using Nightjar.Transport.Tests;
using Xunit;

namespace Nightjar.Transport.OpenSsl.Tests;

[Collection(AloneCollection.Name)]
public sealed class NativeObjectTests
{
    [Fact]
    public async Task NativeObjects_AfterConnectionsOfEachFate_AreGivenBack()
    {
        var leaks = new LeakCheck();
        int connections = SslHandle.Live;
        int contexts = SslContextHandle.Live;
        for (int i = 0; i < 20; i++)
        {
            await using PskPair pair = await PskPair.CreateAsync(TransportKind.Memory, leaks);
            if ((i & 1) == 0)
                pair.Client.Abort();
            else
                await Task.WhenAll(pair.Client.CloseAsync(Wire.Guard).AsTask(), pair.Server.CloseAsync(Wire.Guard).AsTask()).WaitAsync(Wire.Guard);
        }
        await AcceptAndFailAsync(leaks);
        Assert.Equal(connections, SslHandle.Live);
        Assert.Equal(contexts, SslContextHandle.Live);
        await leaks.AssertReturnsToZeroAsync();
    }

    [Fact]
    public async Task Connection_WrappedBeforeItsContextIsDisposedOf_StillShakesHands()
    {
        var leaks = new LeakCheck();
        await using (TransportPair below = await TransportPair.CreateAsync(TransportKind.Memory, leaks.Pool))
        {
            PskServerContext server = PskPair.CreateServer(leaks.Pool);
            await using TransportConnection accepted = server.Wrap(below.Server);
            server.Dispose();
            Task<byte[]> reading = accepted.ReadAsync(5);
            using PskClientContext context = PskPair.CreateClient(leaks.Pool);
            await using TransportConnection client = await context.ConnectAsync(below.Client, "", CancellationToken.None);
            client.Send("hello"u8);
            Assert.Equal("hello"u8.ToArray(), await reading);

            await using TransportPair late = await TransportPair.CreateAsync(TransportKind.Memory, leaks.Pool);
            await using TransportConnection refused = server.Wrap(late.Server);
            late.Client.Send("hello"u8);
            late.Client.Output.Complete();
            Assert.Empty(await refused.ReadToEndAsync());
            Assert.Contains("context is gone", refused.Failure, StringComparison.Ordinal);
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    private static async Task AcceptAndFailAsync(LeakCheck leaks)
    {
        using PskServerContext server = PskPair.CreateServer(leaks.Pool);
        await using TransportPair below = await TransportPair.CreateAsync(TransportKind.Memory, leaks.Pool);
        await using TransportConnection accepted = server.Wrap(below.Server);
        below.Client.Send("GET / HTTP/1.1\r\n\r\n"u8);
        below.Client.Output.Complete();
        Assert.Empty(await accepted.ReadToEndAsync());
    }
}
