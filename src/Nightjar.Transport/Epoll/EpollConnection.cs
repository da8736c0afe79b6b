using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Nightjar.Transport.Buffers;
using Nightjar.Transport.Pipes;

namespace Nightjar.Transport.Epoll;

/// <summary>A connection over a descriptor that an <see cref="EpollLoop"/> watches.</summary>
/// <remarks>
/// <para>Who makes a system call on the descriptor holds it meanwhile; the close waits for the last to let go, so that no call ever meets
/// another connection that got the same number.</para>
/// <para>Readiness is bits in <c>_events</c>. A wait is armed only while <see cref="Readable"/> is not set, and who takes an armed bit out
/// ends the wait: the loop's thread at an event, or whoever closes the connection.</para>
/// </remarks>
internal sealed class EpollConnection : PipeConnection, IEpollSource
{
    // Bytes or the end may be there: an event came, or the last receive did not drain the descriptor.
    private const int Readable = 1;

    // The peer has ended its half: the end stands behind the bytes, and no event will tell of it again.
    private const int PeerEnded = 2;

    private const int ReceiveArmed = 4;
    private const int SendArmed = 8;

    // Nobody may begin a call; who lets go last closes.
    private const int Closing = 1 << 30;

    // Cache lines, of which objects are not at the start of one, that are asked for ahead.
    private const int ReaderLines = 3;
    private const int ExpectedLines = 2;
    private const int HandlerLines = 5;

    private const uint ReceiveEvents = LinuxCalls.EventIn | LinuxCalls.EventPeerHangUp;

    private readonly EpollPipeReader _reader;
    private readonly EpollOutputWriter _writer;
    private readonly SocketTransportOptions _options;
    private readonly int _descriptor;
    private int _events = Readable;
    private int _holds;

    private readonly uint _number = EpollLoop.NextNumber();
    private uint _place;
    private EpollLoop _loop;

    // What the loop watches for; 0 before it does. Under the lock of the reader, like a change of the loop.
    private uint _watched;

    // Behind the fields that a receive needs, so that they are asked for together.
    private ExpectedItems _expected;

    /// <summary>Takes a connected descriptor over.</summary>
    internal EpollConnection(int descriptor, EndPoint? remote, SocketTransportOptions options)
    {
        _descriptor = descriptor;
        _options = options;
        RemoteEndPoint = remote;
        _place = _number;
        _loop = EpollLoop.Of(_number);
        _reader = new EpollPipeReader(this, options.BufferPool);
        _writer = new EpollOutputWriter(this, options.BufferPool);
    }

    /// <inheritdoc/>
    public EpollLoop Loop => Volatile.Read(ref _loop);

    /// <inheritdoc/>
    public override EndPoint? LocalEndPoint
    {
        get
        {
            if (!TryHold())
                return null;
            EndPoint? address = SocketAddresses.Local(_descriptor);
            LetGo();
            return address;
        }
    }

    /// <inheritdoc/>
    public override EndPoint? RemoteEndPoint { get; }

    /// <summary>The number that says which loop is to serve it, see <see cref="EpollLoop.Of"/>: its own, or that of the connection it follows.</summary>
    internal uint Place => Volatile.Read(ref _place);

    internal bool MayBeReadable => (Volatile.Read(ref _events) & Readable) != 0;

    protected override InputPipeReader Reader => _reader;

    protected override OutputPipeWriter Writer => _writer;

    protected override TimeProvider Time => _options.TimeProvider;

    /// <inheritdoc/>
    public override void Expect(int place, object? item) => _expected[place] = item;

    /// <inheritdoc/>
    public void Expect()
    {
        Prefetch.FirstLines(_reader, ReaderLines);
        foreach (object? item in _expected)
            Prefetch.FirstLines(item, ExpectedLines);
    }

    /// <inheritdoc/>
    public void OnEvents(uint events)
    {
        // Of what has happened the other loop is told at once.
        if (MovedToPlace())
            return;
        const uint Broken = LinuxCalls.EventError | LinuxCalls.EventHangUp;
        if ((events & (LinuxCalls.EventOut | Broken)) != 0 && TryTake(SendArmed))
            _writer.OnWritable(SocketError.Success);
        if ((events & (ReceiveEvents | Broken)) == 0)
            return;
        int readable = (events & (LinuxCalls.EventPeerHangUp | Broken)) != 0 ? Readable | PeerEnded : Readable;
        if (TryTakeReceive(readable))
        {
            // The receive takes longer than the memory.
            Prefetch.FirstLines(_reader.Handler, HandlerLines);
            _reader.OnReadable();
        }
    }

    /// <inheritdoc/>
    public override void Follow(TransportConnection? leader)
    {
        if (leader is null)
            Volatile.Write(ref _place, _number);
        else if (leader is EpollConnection other)
            Volatile.Write(ref _place, other.Place);
    }

    /// <summary>Runs something on the thread of the connection's loop after the events at hand.</summary>
    internal void Post(IThreadPoolWorkItem work)
    {
        MovedToPlace();
        Loop.Post(work);
    }

    /// <summary>Receives what is there.</summary>
    internal int Receive(Span<byte> destination, out SocketError error)
    {
        if (!TryHold())
        {
            error = SocketError.OperationAborted;
            return 0;
        }
        // Before the call: what comes behind it sets the bit again.
        int events = Interlocked.And(ref _events, ~Readable);
        int received = LinuxCalls.Receive(_descriptor, destination, out error);
        LetGo();
        Loop.CountReceived(received);
        // A receive that was not filled has drained a stream, and the next byte is an event.
        if (received == destination.Length || (received > 0 && (events & PeerEnded) != 0))
            Interlocked.Or(ref _events, Readable);
        return received;
    }

    /// <summary>Sends what is taken at once.</summary>
    internal int Send(ReadOnlySpan<byte> bytes, out SocketError error)
    {
        if (!TryHold())
        {
            error = SocketError.OperationAborted;
            return 0;
        }
        int sent = LinuxCalls.Send(_descriptor, bytes, out error);
        LetGo();
        return sent;
    }

    /// <summary>Sends what is taken at once of a chain of blocks.</summary>
    internal int Send(BufferBlock block, int offset, ref int length, out SocketError error)
    {
        if (!TryHold())
        {
            error = SocketError.OperationAborted;
            return 0;
        }
        int sent = LinuxCalls.Send(_descriptor, block, offset, ref length, out error);
        LetGo();
        return sent;
    }

    /// <summary>Has the reader told when something can be received.</summary>
    /// <returns>False with Success: it can be now. False with an error: the connection is over.</returns>
    internal bool TryArmReceive(out SocketError error)
    {
        error = TryRegister(withSend: false);
        if (error != SocketError.Success)
            return false;
        int events = Volatile.Read(ref _events);
        while (true)
        {
            if ((events & Readable) != 0)
                return false;
            int seen = Interlocked.CompareExchange(ref _events, events | ReceiveArmed, events);
            if (seen == events)
                break;
            events = seen;
        }
        return IsStillArmed(ReceiveArmed, out error);
    }

    /// <summary>Has the writer told when something can be sent.</summary>
    /// <returns>False: the connection is over.</returns>
    internal bool TryArmSend(out SocketError error)
    {
        // Before the registration, which tells of room that is there already.
        Interlocked.Or(ref _events, SendArmed);
        error = TryRegister(withSend: true);
        if (error == SocketError.Success)
            return IsStillArmed(SendArmed, out error);
        // Who has closed the connection may have taken the wait, and told the writer.
        return !TryTake(SendArmed);
    }

    /// <summary>Has another loop serve the connection.</summary>
    /// <remarks>Who sees the connection's loop before the change ignores what is told meanwhile: putting it into the other's set tells of it again.</remarks>
    /// <returns>False: it stays where it was, or has ended.</returns>
    internal bool TryMove(EpollLoop place)
    {
        if (!TryHold())
            return false;
        bool isDone = true;
        bool isLost = false;
        lock (_reader)
        {
            EpollLoop old = Loop;
            Volatile.Write(ref _loop, place);
            if (_watched != 0 && !ReferenceEquals(old, place))
            {
                old.Forget(_descriptor);
                isDone = place.TryAdd(_descriptor, this, _watched);
                if (!isDone)
                {
                    Volatile.Write(ref _loop, old);
                    isLost = !old.TryAdd(_descriptor, this, _watched);
                }
            }
        }
        LetGo();
        if (isLost)
            Abort(SocketError.NoBufferSpaceAvailable);
        return isDone;
    }

    internal override void ShutdownSend()
    {
        if (!TryHold())
            return;
        _ = LinuxCalls.Shutdown(_descriptor, LinuxCalls.ShutdownWrite);
        LetGo();
    }

    protected override void CloseTransport(bool abortive)
    {
        // Nobody else closes the descriptor before the bit is set.
        if (abortive)
            LinuxCalls.ResetOnClose(_descriptor);
        if (Interlocked.Or(ref _holds, Closing) == 0)
            CloseDescriptor();
        int events = Interlocked.And(ref _events, ~(ReceiveArmed | SendArmed));
        if ((events & ReceiveArmed) != 0)
            _reader.OnReceived(0, SocketError.OperationAborted);
        if ((events & SendArmed) != 0)
            _writer.OnWritable(SocketError.OperationAborted);
    }

    // Arming is seen by who closes, or the close is seen here.
    private bool IsStillArmed(int wait, out SocketError error)
    {
        error = SocketError.Success;
        if ((Volatile.Read(ref _holds) & Closing) == 0 || !TryTake(wait))
            return true;
        error = SocketError.OperationAborted;
        return false;
    }

    // Notes what is there, and takes the wait for it if there is one.
    private bool TryTakeReceive(int readable)
    {
        int events = Volatile.Read(ref _events);
        while (true)
        {
            int seen = Interlocked.CompareExchange(ref _events, (events | readable) & ~ReceiveArmed, events);
            if (seen == events)
                return (events & ReceiveArmed) != 0;
            events = seen;
        }
    }

    private bool TryTake(int wait) => (Interlocked.And(ref _events, ~wait) & wait) != 0;

    private SocketError TryRegister(bool withSend)
    {
        if (!withSend && Volatile.Read(ref _watched) != 0)
            return SocketError.Success;
        if (!TryHold())
            return SocketError.OperationAborted;
        bool isDone;
        uint events = withSend ? ReceiveEvents | LinuxCalls.EventOut : ReceiveEvents;
        lock (_reader)
        {
            isDone = _watched != 0 ? !withSend || Loop.TryModify(_descriptor, events) : Loop.TryAdd(_descriptor, this, events);
            if (isDone)
                Volatile.Write(ref _watched, _watched | events);
        }
        LetGo();
        return isDone ? SocketError.Success : SocketError.NoBufferSpaceAvailable;
    }

    private bool MovedToPlace()
    {
        EpollLoop place = EpollLoop.Of(Place);
        return !ReferenceEquals(place, Loop) && TryMove(place);
    }

    private bool TryHold()
    {
        int holds = Volatile.Read(ref _holds);
        while ((holds & Closing) == 0)
        {
            int seen = Interlocked.CompareExchange(ref _holds, holds + 1, holds);
            if (seen == holds)
                return true;
            holds = seen;
        }
        return false;
    }

    private void LetGo()
    {
        if (Interlocked.Decrement(ref _holds) == Closing)
            CloseDescriptor();
    }

    [InlineArray(ExpectedPlaces)]
    private struct ExpectedItems
    {
        private object? _first;
    }

    private void CloseDescriptor()
    {
        EpollLoop.Remove(_descriptor);
        _ = LinuxCalls.Close(_descriptor);
    }
}
