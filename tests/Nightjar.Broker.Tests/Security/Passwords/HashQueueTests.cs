using System.Net;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.Passwords;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Broker.Tests.Security.Passwords;

/// <summary>The queue of hashes: a bounded number of threads, a bounded length, in turn by address.</summary>
public sealed class HashQueueTests
{
    private static readonly PasswordHash Hash = PasswordHash.Make("secret"u8, PasswordHashForm.Pbkdf2, 2);
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task VerifyAsync_OfAPassword_TellsWhetherItFits()
    {
        var queue = Queue(2, 16);

        Assert.Equal(HashOutcome.Match, await queue.VerifyAsync(Hash, "secret"u8.ToArray(), default, default));
        Assert.Equal(HashOutcome.Mismatch, await queue.VerifyAsync(Hash, "Secret"u8.ToArray(), default, default));
        Assert.Equal(2, queue.Computed);
        Assert.Equal(0, queue.Waiting);
    }

    [Fact]
    public async Task VerifyAsync_OfMany_HashesOnNoMoreThreadsThanAllowed()
    {
        var queue = Queue(2, 1000);
        var running = 0;
        var most = 0;
        var gate = new Lock();
        using var bothRun = new Barrier(2);
        var first = 2;
        queue.Hashing = () =>
        {
            lock (gate) most = Math.Max(most, ++running);
            // The first two meet, which proves that two threads really work; a third would show in the maximum.
            if (Interlocked.Decrement(ref first) >= 0) Assert.True(bothRun.SignalAndWait(Wait.Guard));
            lock (gate) running--;
        };

        var all = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => queue.VerifyAsync(Hash, "secret"u8.ToArray(), default, default)));

        Assert.All(all, outcome => Assert.Equal(HashOutcome.Match, outcome));
        Assert.Equal(2, most);
        Assert.Equal(200, queue.Computed);
    }

    [Fact]
    public async Task VerifyAsync_OnceCalled_HashesOnAnotherThreadAndContinuesOnAThirdParty()
    {
        var queue = Queue(1, 16);
        using var go = new ManualResetEventSlim();
        Thread? hashing = null;
        queue.Hashing = () =>
        {
            hashing = Thread.CurrentThread;
            Assert.True(go.Wait(Wait.Guard));
        };
        Task<HashOutcome>? pending = null;
        Thread? caller = null;
        var thread = new Thread(() =>
        {
            caller = Thread.CurrentThread;
            pending = queue.VerifyAsync(Hash, "secret"u8.ToArray(), default, default);
        });
        thread.Start();
        Assert.True(thread.Join(Wait.Guard));

        // The call came back although the hash has not even begun.
        Assert.False(pending!.IsCompleted);
        Thread? continued = null;
        var continuation = pending.ContinueWith(_ => continued = Thread.CurrentThread, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        go.Set();
        await continuation;

        Assert.NotSame(caller, hashing);
        Assert.NotSame(caller, continued);
        Assert.True(hashing!.IsThreadPoolThread);
    }

    [Fact]
    public async Task VerifyAsync_BeyondTheCapacity_IsBusyAtOnce()
    {
        using var held = new HeldQueue(capacity: 4);
        var waiting = Enumerable.Range(0, 4).Select(i => held.Queue.VerifyAsync(Hash, "secret"u8.ToArray(), From(i), default)).ToArray();

        var beyond = held.Queue.VerifyAsync(Hash, "secret"u8.ToArray(), From(9), default);

        Assert.True(beyond.IsCompletedSuccessfully);
        Assert.Equal(HashOutcome.Busy, await beyond);
        Assert.Equal(4, held.Queue.Waiting);
        held.Release();
        Assert.All(await Task.WhenAll(waiting), outcome => Assert.Equal(HashOutcome.Match, outcome));
    }

    [Fact]
    public async Task VerifyAsync_FromOneAddress_FillsHalfOfTheQueueAtMost()
    {
        using var held = new HeldQueue(capacity: 8);
        var greedy = Enumerable.Range(0, 10).Select(_ => held.Queue.VerifyAsync(Hash, "secret"u8.ToArray(), From(1), default)).ToArray();
        var other = held.Queue.VerifyAsync(Hash, "secret"u8.ToArray(), From(2), default);

        Assert.Equal(6, greedy.Count(task => task.IsCompleted));
        Assert.False(other.IsCompleted);
        held.Release();
        Assert.Equal(HashOutcome.Match, await other);
        Assert.Equal(4, (await Task.WhenAll(greedy)).Count(outcome => outcome == HashOutcome.Match));
    }

    [Fact]
    public async Task VerifyAsync_InAQueueThatFewAddressesFill_FindsAPlaceInTheirStead()
    {
        using var held = new HeldQueue(capacity: 8);
        var greedy = Enumerable.Range(0, 8).Select(i => held.Queue.VerifyAsync(Hash, "secret"u8.ToArray(), From(1 + (i % 2)), default)).ToArray();
        var others = Enumerable.Range(3, 4).Select(i => held.Queue.VerifyAsync(Hash, "secret"u8.ToArray(), From(i), default)).ToArray();

        Assert.DoesNotContain(others, task => task.IsCompleted);
        Assert.Equal(4, greedy.Count(task => task.IsCompleted));
        Assert.Equal(8, held.Queue.Waiting);
        // Who has as much as anybody displaces nobody.
        Assert.Equal(HashOutcome.Busy, await held.Queue.VerifyAsync(Hash, "secret"u8.ToArray(), From(3), default));
        held.Release();
        Assert.All(await Task.WhenAll(others), outcome => Assert.Equal(HashOutcome.Match, outcome));
        Assert.Equal(4, (await Task.WhenAll(greedy)).Count(outcome => outcome == HashOutcome.Busy));
    }

    [Fact]
    public async Task VerifyAsync_OfSeveralAddresses_IsServedInTurn()
    {
        using var held = new HeldQueue(capacity: 64);
        string[] names = ["a1", "a2", "a3", "a4", "b1", "c1", "b2"];
        // Each finishes before the next begins, so what is complete when one begins tells the order.
        List<(string Name, Task<HashOutcome> Task)> all = [.. names.Select(name => (name, held.Queue.VerifyAsync(Hash, "secret"u8.ToArray(), From(name[0]), default)))];
        List<string> order = [];
        held.BeforeEach = () => order.AddRange(all.Where(one => one.Task.IsCompleted && !order.Contains(one.Name)).Select(one => one.Name));

        held.Release();
        await Task.WhenAll(all.Select(one => one.Task));
        held.BeforeEach();

        Assert.Equal(["a1", "b1", "c1", "a2", "b2", "a3", "a4"], order);
    }

    [Fact]
    public async Task VerifyAsync_ThatWaitedTooLong_IsBusyWithoutAHash()
    {
        using var held = new HeldQueue(capacity: 8, _clock);
        var pending = held.Queue.VerifyAsync(Hash, "secret"u8.ToArray(), From(1), default);
        _clock.Advance(TimeSpan.FromSeconds(9));
        held.Release();

        Assert.Equal(HashOutcome.Busy, await pending);
        Assert.Equal(HeldQueue.OwnHashes, held.Queue.Computed);
    }

    [Fact]
    public async Task VerifyAsync_Cancelled_IsAbandonedWithoutAHash()
    {
        using var held = new HeldQueue(capacity: 8);
        using var cancel = new CancellationTokenSource();
        var pending = held.Queue.VerifyAsync(Hash, "secret"u8.ToArray(), From(1), cancel.Token);

        cancel.Cancel();

        Assert.Equal(HashOutcome.Abandoned, await pending);
        held.Release();
        await Wait.UntilAsync(() => held.Queue.Waiting == 0, "the queue to be empty");
        Assert.Equal(HeldQueue.OwnHashes, held.Queue.Computed);
    }

    private HashQueue Queue(int workers, int capacity) => new(workers, capacity, TimeSpan.FromSeconds(8), _clock);

    private static AddressPrefix From(int last) => AddressPrefix.Of(new IPEndPoint(new IPAddress([10, 0, 0, (byte)last]), 1));

    /// <summary>A queue with one worker, which hashes something of its own until it is released.</summary>
    private sealed class HeldQueue : IDisposable
    {
        private readonly ManualResetEventSlim _go = new();
        private readonly ManualResetEventSlim _busy = new();

        internal HeldQueue(int capacity, TimeProvider? clock = null)
        {
            Queue = new HashQueue(1, capacity, TimeSpan.FromSeconds(8), clock ?? TimeProvider.System);
            Queue.Hashing = () =>
            {
                if (_go.IsSet)
                {
                    BeforeEach();
                    return;
                }

                _busy.Set();
                Assert.True(_go.Wait(Wait.Guard));
            };
            _ = Queue.VerifyAsync(Hash, "held"u8.ToArray(), From(255), default);
            Assert.True(_busy.Wait(Wait.Guard));
        }

        internal HashQueue Queue { get; }

        internal const int OwnHashes = 1;

        internal Action BeforeEach { get; set; } = static () => { };

        internal void Release() => _go.Set();

        public void Dispose()
        {
            _go.Set();
            _busy.Dispose();
        }
    }
}
