using Nightjar.Testing;
using Nightjar.Transport.Epoll;
using Xunit;

namespace Nightjar.Transport.Tests.Epoll;

public sealed class MovingTests
{
    // Whichever loop a connection was put on, the next event brings it back to its own: both ways of moving, while bytes come and while a read waits.
    [Fact]
    public async Task ConnectionsThatMoveLoseNothing()
    {
        if (!OperatingSystem.IsLinux())
            return;
        var leaks = new LeakCheck();
        await using TransportPair pair = await TransportPair.CreateAsync(TransportKind.EventLoop, leaks.Pool);
        var moving = (EpollConnection)pair.Server;
        byte[] data = Wire.Pattern(200_000);
        for (int i = 0; i < 200; i++)
        {
            int length = i % 10 == 0 ? data.Length : 1 + (i % 50);
            Task<byte[]> reading = pair.Server.ReadAsync(length);
            Assert.True(moving.TryMove(EpollLoop.At(i % Environment.ProcessorCount)));
            pair.Client.Send(data.AsSpan(0, length));
            Assert.True(moving.TryMove(EpollLoop.At((i + 1) % Environment.ProcessorCount)));
            Assert.Equal(data.AsSpan(0, length).ToArray(), await reading.WaitAsync(Wire.Guard));
        }
    }

    [Fact]
    public async Task AConnectionThatHasEndedDoesNotMove()
    {
        if (!OperatingSystem.IsLinux())
            return;
        var leaks = new LeakCheck();
        await using TransportPair pair = await TransportPair.CreateAsync(TransportKind.EventLoop, leaks.Pool);
        var moving = (EpollConnection)pair.Server;
        await pair.Server.DisposeAsync();
        Assert.False(moving.TryMove(EpollLoop.At(0)));
    }
}
