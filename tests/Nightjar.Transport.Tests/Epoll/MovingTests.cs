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

    // Where it goes when there are several loops is said by a number: while one loop has little to do, all numbers lead to the same.
    [Fact]
    public async Task AConnectionThatFollowsAnotherHasItsPlaceUntilItIsOnItsOwnAgain()
    {
        if (!OperatingSystem.IsLinux())
            return;
        var leaks = new LeakCheck();
        await using TransportPair pair = await TransportPair.CreateAsync(TransportKind.EventLoop, leaks.Pool);
        await using TransportPair otherPair = await TransportPair.CreateAsync(TransportKind.EventLoop, leaks.Pool);
        await using TransportPair elsewhere = await TransportPair.CreateAsync(TransportKind.Socket, leaks.Pool);
        var follower = (EpollConnection)pair.Server;
        var leader = (EpollConnection)otherPair.Server;
        uint own = follower.Place;
        Assert.NotEqual(own, leader.Place);
        follower.Follow(leader);
        Assert.Equal(leader.Place, follower.Place);
        // Who is served by no loop can be followed to none.
        follower.Follow(elsewhere.Server);
        Assert.Equal(leader.Place, follower.Place);
        elsewhere.Server.Follow(leader);
        pair.Client.Send(Wire.Pattern(100));
        Assert.Equal(Wire.Pattern(100), await pair.Server.ReadAsync(100).WaitAsync(Wire.Guard));
        follower.Follow(null);
        Assert.Equal(own, follower.Place);
    }
}
