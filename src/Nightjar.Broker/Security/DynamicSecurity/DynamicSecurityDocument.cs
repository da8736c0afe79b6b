using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Security.Passwords;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>The state of dynamic security that is in force, the requests that change it, and its file.</summary>
/// <remarks>
/// <para>Requests are carried out one after the other in the order of their arrival, on the thread pool. A change is in force at once; the file is written behind it by another
/// task, and whoever asked is answered when it is on disk. Changes that arrive while the disk is at work share the next write. A question that saw a change that is not on disk
/// yet waits for it as well: nobody is told what a crash could undo.</para>
/// <para>When a write fails, the state that the disk has is in force again, every change that waited is answered with an error, and every question is answered anew.</para>
/// <para>One lock guards the state and the list of those who wait for the disk; it is held for moving references and while <see cref="Changed"/> is raised.</para>
/// </remarks>
internal sealed class DynamicSecurityDocument : IAsyncDisposable
{
    /// <summary>Longest request in bytes.</summary>
    internal const int MaximumRequestLength = 4 << 20;

    /// <summary>Most requests that wait to be carried out.</summary>
    internal const int MaximumWaiting = 1024;

    /// <summary>Most bytes of requests that wait to be carried out.</summary>
    internal const int MaximumWaitingBytes = 32 << 20;

    private const string ShuttingDown = "The broker is shutting down";

    private readonly Lock _gate = new();
    private readonly IDynamicSecurityStorage _storage;
    private readonly IRunningBroker _broker;
    private readonly ILogger _log;
    private readonly Func<string, PasswordHash> _hash;
    private readonly Channel<DynamicSecurityWaiter> _requests = Channel.CreateUnbounded<DynamicSecurityWaiter>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Channel<bool> _work = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly Task _executing;
    private readonly Task _writing;

    // Under the gate.
    private List<DynamicSecurityWaiter> _undurable = [];
    private DynamicSecurityState _durable;
    private long _reversals;

    // Written under the gate, read by anybody.
    private DynamicSecurityState _current;
    private int _waiting;
    private bool _isClosing;
    private long _waitingBytes;

    /// <summary>Makes a document of a state that is on disk, and begins to take requests.</summary>
    /// <param name="state">The state.</param>
    /// <param name="storage">Where it came from and goes to.</param>
    /// <param name="broker">What is around the state.</param>
    /// <param name="log">Where changes and failures are noted.</param>
    /// <param name="hash">Makes the hash of a password; null for the usual one.</param>
    internal DynamicSecurityDocument(DynamicSecurityState state, IDynamicSecurityStorage storage, IRunningBroker broker, ILogger log, Func<string, PasswordHash>? hash = null)
    {
        _current = _durable = state;
        _storage = storage;
        _broker = broker;
        _log = log;
        hash ??= DynamicSecurityRequest.MakeHash;
        _hash = password => Volatile.Read(ref _isClosing) ? throw new OperationCanceledException() : hash(password);
        _executing = Task.Run(ExecuteAllAsync);
        _writing = Task.Run(WriteAllAsync);
    }

    /// <summary>The state that is in force.</summary>
    internal DynamicSecurityState Current => Volatile.Read(ref _current);

    /// <summary>Raised when another state is in force: the old one, the new one, and what is different. In order, one call at a time; must neither block nor throw.</summary>
    internal event Action<DynamicSecurityState, DynamicSecurityState, DynamicSecurityChange>? Changed;

    /// <summary>Carries out a request.</summary>
    /// <param name="request">Its payload; copied before this returns.</param>
    /// <param name="actor">Who sent it; null for the broker itself.</param>
    /// <returns>The payload of the answer, when everything it rests on is on disk. Does not fail.</returns>
    /// <remarks>Returns at once. Passwords are hashed on the thread pool, one at a time.</remarks>
    internal Task<byte[]> ExecuteAsync(ReadOnlySpan<byte> request, Identity? actor)
    {
        if (request.Length > MaximumRequestLength) return Task.FromResult(DynamicSecurityRequest.Refuse($"Payload longer than {MaximumRequestLength} bytes"));
        if (Volatile.Read(ref _waiting) >= MaximumWaiting || Volatile.Read(ref _waitingBytes) + request.Length > MaximumWaitingBytes)
            return Task.FromResult(DynamicSecurityRequest.Refuse("Too many requests are waiting"));
        return EnqueueAsync(new DynamicSecurityWaiter(request.ToArray(), actor)) ?? Task.FromResult(DynamicSecurityRequest.Refuse(ShuttingDown));
    }

    /// <summary>Reads the file anew and puts what it says in force, behind all requests that came before.</summary>
    /// <exception cref="SecurityFileException">The file cannot be read or something in it is wrong; everything is as it was.</exception>
    internal Task ReloadAsync() => EnqueueAsync(new DynamicSecurityWaiter(null, null)) ?? Task.CompletedTask;

    /// <summary>Takes no more requests, and writes what is in force. Requests that wait are carried out, but for those with passwords: hashing them may take minutes.</summary>
    public async ValueTask DisposeAsync()
    {
        Volatile.Write(ref _isClosing, true);
        _requests.Writer.TryComplete();
        await _executing.ConfigureAwait(false);
        _work.Writer.TryComplete();
        await _writing.ConfigureAwait(false);
    }

    private Task<byte[]>? EnqueueAsync(DynamicSecurityWaiter waiter)
    {
        Interlocked.Increment(ref _waiting);
        Interlocked.Add(ref _waitingBytes, waiter.Payload?.Length ?? 0);
        if (_requests.Writer.TryWrite(waiter)) return waiter.Answer;
        Leave(waiter);
        return null;
    }

    private void Leave(DynamicSecurityWaiter waiter)
    {
        Interlocked.Decrement(ref _waiting);
        Interlocked.Add(ref _waitingBytes, -(waiter.Payload?.Length ?? 0));
    }

    private async Task ExecuteAllAsync()
    {
        await foreach (var waiter in _requests.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            Leave(waiter);
            try
            {
                if (waiter.Payload is null) await ReloadNowAsync(waiter).ConfigureAwait(false);
                else await ExecuteNowAsync(waiter, waiter.Payload).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                waiter.Complete(DynamicSecurityRequest.Refuse(ShuttingDown));
            }
            catch (Exception exception)
            {
                // A defect of one command must not be the end of all administration.
                BrokerLog.DynamicSecurityFailed(_log, exception);
                waiter.Complete(DynamicSecurityRequest.Refuse("Internal error"));
            }
        }
    }

    private async Task ExecuteNowAsync(DynamicSecurityWaiter waiter, byte[] payload)
    {
        while (true)
        {
            var (begin, reversals) = CurrentWithReversals();
            using var request = new DynamicSecurityRequest(begin, payload, waiter.Actor, _broker, _hash);
            while (request.Step())
            {
                // A request with a thousand passwords burns a minute: the pool's other work has its turn between them.
                if (request.HasHashed) await Task.Yield();
            }

            if (TryTakeEffect(waiter, request, begin, reversals)) return;
        }
    }

    private (DynamicSecurityState State, long Reversals) CurrentWithReversals()
    {
        lock (_gate) return (_current, _reversals);
    }

    // False when a write failed meanwhile, and the state the request began with is none any more.
    private bool TryTakeEffect(DynamicSecurityWaiter waiter, DynamicSecurityRequest request, DynamicSecurityState begin, long reversals)
    {
        waiter.Response = request.Response;
        waiter.AuditLines = request.AuditLines;
        waiter.IsChange = !ReferenceEquals(request.State, begin);
        lock (_gate)
        {
            if (_reversals != reversals) return false;
            if (waiter.IsChange) Swap(request.State, request.Change);
            if (waiter.IsChange || _undurable.Count > 0)
            {
                _undurable.Add(waiter);
                _work.Writer.TryWrite(true);
                return true;
            }
        }

        Answer(waiter);
        return true;
    }

    private void Swap(DynamicSecurityState state, DynamicSecurityChange change)
    {
        var old = _current;
        Volatile.Write(ref _current, state);
        try
        {
            Changed?.Invoke(old, state, change);
        }
        catch (Exception exception)
        {
            // The state is in force already, and has to get to the disk.
            BrokerLog.DynamicSecurityFailed(_log, exception);
        }
    }

    private void Answer(DynamicSecurityWaiter waiter)
    {
        foreach (var line in waiter.AuditLines) BrokerLog.DynamicSecurityCommand(_log, line);
        waiter.Complete(waiter.Response);
    }

    private async Task WriteAllAsync()
    {
        await foreach (var _ in _work.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            while (TryTakeBatch(out var count, out var state)) WriteBatch(count, state);
        }
    }

    private bool TryTakeBatch(out int count, out DynamicSecurityState state)
    {
        lock (_gate)
        {
            state = _current;
            count = _undurable.Count;
            return count > 0;
        }
    }

    // Those who arrive while the disk is at work stand behind the batch in the same list: until it is durable they rest on it.
    private void WriteBatch(int count, DynamicSecurityState state)
    {
        try
        {
            if (!ReferenceEquals(state, _durable)) _storage.Replace(state);
        }
        catch (Exception exception)
        {
            GoBack(exception);
            return;
        }

        List<DynamicSecurityWaiter> done;
        lock (_gate)
        {
            _durable = state;
            done = _undurable[..count];
            _undurable = _undurable[count..];
        }

        foreach (var waiter in done) Answer(waiter);
    }

    private void GoBack(Exception exception)
    {
        BrokerLog.DynamicSecurityNotWritten(_log, exception.Message);
        List<DynamicSecurityWaiter> failed;
        DynamicSecurityState durable;
        lock (_gate)
        {
            failed = _undurable;
            _undurable = [];
            _reversals++;
            durable = _durable;
            if (!ReferenceEquals(_current, durable)) Swap(durable, new DynamicSecurityChange { Everything = true });
        }

        foreach (var waiter in failed) AnswerAnew(waiter, durable);
    }

    private void AnswerAnew(DynamicSecurityWaiter waiter, DynamicSecurityState durable)
    {
        const string Refusal = "The change could not be written to disk and was not made";
        try
        {
            using var request = new DynamicSecurityRequest(durable, waiter.Payload, waiter.Actor, _broker, _hash, Refusal);
            request.RunToEnd();
            waiter.AuditLines = request.AuditLines;
            waiter.Response = request.Response;
            Answer(waiter);
        }
        catch (Exception exception)
        {
            BrokerLog.DynamicSecurityFailed(_log, exception);
            waiter.Complete(DynamicSecurityRequest.Refuse("Internal error"));
        }
    }

    // Requests are carried out by the same task, so nothing changes while the file is read.
    private async Task ReloadNowAsync(DynamicSecurityWaiter waiter)
    {
        await UntilDurableAsync().ConfigureAwait(false);
        DynamicSecurityFile file;
        try
        {
            file = _storage.Read();
        }
        catch (SecurityFileException exception)
        {
            waiter.Fail(exception);
            return;
        }

        foreach (var warning in file.Warnings) BrokerLog.DynamicSecurityWarning(_log, warning);
        // The file is usually the one that was written last. Whoever compiled the state need not do it again then.
        var isSame = DynamicSecurityFileWriter.ToBytes(file.State).AsSpan().SequenceEqual(DynamicSecurityFileWriter.ToBytes(Current));
        lock (_gate)
        {
            if (!isSame) Swap(file.State, new DynamicSecurityChange { Everything = true });
            _durable = _current;
        }

        waiter.Complete([]);
    }

    private Task UntilDurableAsync()
    {
        var barrier = new DynamicSecurityWaiter([], null);
        lock (_gate)
        {
            if (_undurable.Count == 0) return Task.CompletedTask;
            _undurable.Add(barrier);
            _work.Writer.TryWrite(true);
        }

        return barrier.Answer;
    }
}
