using System.Security.Cryptography;

namespace Nightjar.Broker.Security.Passwords;

/// <summary>
/// Verifies passwords off the caller's thread, a few at a time. Hashing is made to be expensive, and on a thread that reads sockets it would
/// stop thousands of clients for a tenth of a second each time.
/// </summary>
/// <remarks>
/// <para>At most <c>workers</c> threads of the pool hash at any time. What waits is taken in turn by address, so that one address that asks for
/// a thousand hashes delays each of the others by one; no address may fill more than half of the queue. When it is full, whoever has most in it
/// gives up a place for somebody who has less. Who finds none, loses one, or has waited longer than its patience gets
/// <see cref="HashOutcome.Busy"/> without hashing: the client is gone or soon would be.</para>
/// <para>One lock, held for moving a reference, and for a look at the addresses while the queue is full. Continuations run on the thread pool, neither on the hashing thread nor on the caller's.</para>
/// </remarks>
internal sealed class HashQueue : IThreadPoolWorkItem
{
    /// <summary>Most passwords that wait.</summary>
    internal const int DefaultCapacity = 1024;

    // Below the CONNECT timeout: a client that is told to try again later knows more than one that is dropped.
    private static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(8);
    private readonly Lock _gate = new();
    private readonly Dictionary<AddressPrefix, Queue<Job>> _waiting = [];
    private readonly Queue<AddressPrefix> _turns = [];
    private readonly int _workers;
    private readonly int _capacity;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;
    private int _count;
    private int _running;
    private long _computed;

    /// <summary>Makes a queue.</summary>
    /// <param name="workers">Most threads that hash at a time.</param>
    /// <param name="capacity">Most passwords that wait.</param>
    /// <param name="patience">How long one waits at most.</param>
    /// <param name="time">Its clock.</param>
    internal HashQueue(int workers, int capacity, TimeSpan patience, TimeProvider time)
    {
        _workers = workers;
        _capacity = capacity;
        _patience = patience;
        _time = time;
    }

    /// <summary>The queue of the process: every authenticator, also one that a reload replaces, shares its threads. Half of the processors hash.</summary>
    internal static HashQueue Shared { get; } = new(Math.Max(1, Environment.ProcessorCount / 2), DefaultCapacity, DefaultPatience, TimeProvider.System);

    /// <summary>Hashes computed so far.</summary>
    internal long Computed => Volatile.Read(ref _computed);

    /// <summary>Passwords waiting now.</summary>
    internal int Waiting
    {
        get
        {
            lock (_gate) return _count;
        }
    }

    /// <summary>Called on the hashing thread before each hash; for tests.</summary>
    internal Action? Hashing { get; set; }

    /// <summary>Verifies a password.</summary>
    /// <param name="hash">What it is held against.</param>
    /// <param name="password">Must stay as it is until the result is there.</param>
    /// <param name="from">Whose turn it takes.</param>
    /// <param name="cancellationToken">Gives up what waits; a hash under way is finished.</param>
    /// <returns>The outcome; does not fail.</returns>
    internal Task<HashOutcome> VerifyAsync(PasswordHash hash, ReadOnlyMemory<byte> password, AddressPrefix from, CancellationToken cancellationToken)
    {
        var job = new Job(hash, password, _time.GetTimestamp());
        Job? displaced = null;
        var start = false;
        lock (_gate)
        {
            var own = _waiting.TryGetValue(from, out var line) ? line.Count : 0;
            if (own >= Math.Max(1, _capacity / 2)) return Task.FromResult(HashOutcome.Busy);
            if (_count >= _capacity && !TryDisplace(own, out displaced)) return Task.FromResult(HashOutcome.Busy);
            if (line is null)
            {
                _waiting.Add(from, line = new Queue<Job>(1));
                _turns.Enqueue(from);
            }

            line.Enqueue(job);
            _count++;
            if (_running < _workers)
            {
                _running++;
                start = true;
            }
        }

        displaced?.Complete(HashOutcome.Busy);
        job.AbandonWhen(cancellationToken);
        if (start) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return job.Outcome;
    }

    /// <summary>One hash, then to the end of the thread pool's queue: the pool's other work does not wait for all of them.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        while (TryTake(out var job))
        {
            if (job.Outcome.IsCompleted) continue;
            if (_time.GetElapsedTime(job.EnqueuedAt) > _patience)
            {
                job.Complete(HashOutcome.Busy);
                continue;
            }

            job.Complete(Verify(job));
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            return;
        }
    }

    private HashOutcome Verify(Job job)
    {
        try
        {
            Hashing?.Invoke();
            Interlocked.Increment(ref _computed);
            return job.Hash.Verify(job.Password.Span) ? HashOutcome.Match : HashOutcome.Mismatch;
        }
        catch (CryptographicException)
        {
            return HashOutcome.Failed;
        }
    }

    private bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Job? job)
    {
        lock (_gate)
        {
            if (!_turns.TryDequeue(out var from))
            {
                _running--;
                job = null;
                return false;
            }

            var line = _waiting[from];
            job = line.Dequeue();
            _count--;
            if (line.Count > 0) _turns.Enqueue(from);
            else _waiting.Remove(from);
            return true;
        }
    }

    // Under the gate. The longest line stays one of at least one, so that its turn need not be looked for.
    private bool TryDisplace(int own, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Job? displaced)
    {
        Queue<Job>? longest = null;
        foreach (var line in _waiting.Values)
        {
            if (line.Count > (longest?.Count ?? own + 1)) longest = line;
        }

        displaced = longest?.Dequeue();
        if (displaced is null) return false;
        _count--;
        return true;
    }

    private sealed class Job(PasswordHash hash, ReadOnlyMemory<byte> password, long enqueuedAt)
    {
        private readonly TaskCompletionSource<HashOutcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private CancellationTokenRegistration _registration;

        internal PasswordHash Hash { get; } = hash;

        internal ReadOnlyMemory<byte> Password { get; } = password;

        internal long EnqueuedAt { get; } = enqueuedAt;

        internal Task<HashOutcome> Outcome => _outcome.Task;

        internal void AbandonWhen(CancellationToken cancellationToken)
        {
            if (!cancellationToken.CanBeCanceled) return;
            _registration = cancellationToken.UnsafeRegister(static job => ((Job)job!).Complete(HashOutcome.Abandoned), this);
        }

        internal void Complete(HashOutcome outcome)
        {
            if (_outcome.TrySetResult(outcome)) _registration.Unregister();
        }
    }
}
