using System.Net.Sockets;
using Nightjar.Transport.Buffers;

namespace Nightjar.Transport.Pipes;

// How the reading side ends from outside.
internal abstract partial class InputPipeReader
{
    /// <summary>Completes a pending read, on the thread pool, and every later one.</summary>
    internal void Close()
    {
        int state = Volatile.Read(ref _state);
        while (true)
        {
            int seen = Interlocked.CompareExchange(ref _state, (state | Closed) & ~Waiting, state);
            if (seen == state)
                break;
            state = seen;
        }
        if ((state & Waiting) != 0)
            ThreadPool.UnsafeQueueUserWorkItem(static reader => reader.CompleteRead(isCanceled: false), this, preferLocal: false);
    }

    /// <summary>Throws away what the peer sends until its stream ends, it has sent too much, or the transport is closed. After
    /// <see cref="Close"/>, once.</summary>
    /// <returns>Null when that was so at once.</returns>
    internal Task? Discard()
    {
        if (Volatile.Read(ref _completed))
            return null;
        EndingOperation ending = GetEnding();
        int old = Interlocked.Or(ref _state, Discarding);
        if ((old & Receiving) == 0)
            ContinueDiscard(more: true);
        return ending.WhenDiscarded.IsCompleted ? null : ending.WhenDiscarded;
    }

    /// <summary>Gives the blocks back as soon as no receive is pending.</summary>
    /// <returns>Null when that was so at once. Otherwise completes when the pending receive, which the closed transport ends, has
    /// ended.</returns>
    internal Task? End()
    {
        Complete();
        OnEnded();
        if ((Volatile.Read(ref _state) & Receiving) == 0)
            return null;
        EndingOperation ending = GetEnding();
        return (Volatile.Read(ref _state) & Receiving) == 0 ? null : ending.WhenReceiveEnded;
    }

    private EndingOperation GetEnding() =>
        Volatile.Read(ref _ending) ?? Interlocked.CompareExchange(ref _ending, new EndingOperation(), null) ?? _ending;

    private void ContinueDiscard(bool more)
    {
        EndingOperation ending = GetEnding();
        while (more)
        {
            if (!TryDiscard(ending))
                break;
            Interlocked.Or(ref _state, Receiving);
            SetTarget(ending.DiscardBuffer, 0);
            if (ReceiveAsync(_target, 0, _targetLength, out int received, out SocketError error))
                return;
            if ((EndReceiving(parks: false) & Ended) != 0)
                ReleaseBuffer();
            more = received > 0 && error == SocketError.Success;
        }
        ending.Discarded();
    }

    // True: nothing is there now, and more may come.
    private bool TryDiscard(EndingOperation ending)
    {
        BufferBlock block = Pool.Rent(BufferPool.LargestClass);
        SocketError error = SocketError.Success;
        int received = 1;
        while (received > 0 && ending.DiscardsLeft > 0)
        {
            ending.DiscardsLeft--;
            received = TryReceive(block.Array, out error);
        }
        Pool.Return(block);
        return received == 0 && error == SocketError.WouldBlock;
    }
}
