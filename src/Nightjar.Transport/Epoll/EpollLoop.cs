using System.Buffers.Binary;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Nightjar.Transport.Epoll;

// Why not the runtime's sockets. A connection of the runtime is a socket, its handle, its context, an operation for receiving with its
// delegate and a buffer that waits for bytes: 1.1 KiB and a dozen objects beside our own. And after each message the runtime tells of it
// asks the socket once more, in vain, before it waits. Here a connection that waits is a bit in its state: the loop receives into a block
// that it has anyway, when there is something to receive. Registration is edge-triggered and made once, at the first wait, so that a
// client whose every packet is there when it is looked for is never registered at all.
//
// How many of the loops have connections to serve changes with the load (ActiveLoops). A connection moves when something happens to it:
// it is taken out of one epoll set and put into the other's, which tells of what is there once more. Connections that are idle stay.

/// <summary>One thread that waits for its connections by epoll and serves them to completion: what follows an event runs on it.</summary>
/// <remarks>Nothing that blocks may follow an event.</remarks>
internal sealed unsafe class EpollLoop
{
    private const int EventsAtOnce = 256;

    // Cache lines of a source that are asked for ahead.
    private const int SourceLines = 3;

    // How long a loop stands back when its pace asks for it. More of it finds more at once, and is what a message waits.
    private const int PauseMicroseconds = 150;

    private static readonly SourceTable s_sources = new();
    private static readonly EpollLoop?[] s_loops = new EpollLoop?[Environment.ProcessorCount];
    private static readonly ActiveLoops s_active = new(Environment.ProcessorCount);
    private static readonly Lock s_creation = new();
    private static int s_next;

    [ThreadStatic]
    private static EpollLoop? t_current;

    private readonly int _epoll;
    private readonly int _wakeUp;
    private readonly int _number;
    private readonly Lock _gate = new();
    private readonly byte[] _events = GC.AllocateArray<byte>(EventsAtOnce * 16, pinned: true);

    // Of the thread.
    private readonly Place[] _sources = new Place[EventsAtOnce];
    private int _threadId;
    private List<IThreadPoolWorkItem> _running = [];
    private List<IThreadPoolWorkItem> _atEnd = [];
    private readonly LoopPace _pace = new();
    private long _windowStart;
    private long _waited;
    private long _paceStart;
    private int _turns;
    private int _happened;
    private long _received;
    private long _windowReceived;
    private long _delayed;
    private long _used;

    // Under the gate.
    private List<IThreadPoolWorkItem> _posted = [];

    private EpollLoop(int number, int epoll, int wakeUp)
    {
        _number = number;
        _epoll = epoll;
        _wakeUp = wakeUp;
        var thread = new Thread(Run) { IsBackground = true, Name = $"Nightjar I/O {number}" };
        thread.UnsafeStart();
    }

    /// <summary>Whether this machine has what the loops need.</summary>
    internal static bool IsSupported => OperatingSystem.IsLinux() && LinuxCalls.IsSupported;

    /// <summary>A number for the next connection, by which <see cref="Of"/> finds its loop.</summary>
    internal static uint NextNumber() => (uint)Interlocked.Increment(ref s_next);

    /// <summary>The loop that is to serve a connection now.</summary>
    internal static EpollLoop Of(uint number) => At((int)(number % (uint)s_active.Count));

    /// <summary>One of the loops. There are as many as processors at most, made when they are needed first, and they live as long as the process.
    /// One that the system has no descriptors for is stood in for by the first.</summary>
    internal static EpollLoop At(int index) => Volatile.Read(ref s_loops[index]) ?? Create(index);

    /// <summary>Runs something on the loop's thread after the events at hand.</summary>
    internal void Post(IThreadPoolWorkItem work)
    {
        bool isFirst;
        lock (_gate)
        {
            isFirst = _posted.Count == 0;
            _posted.Add(work);
        }
        if (!isFirst || Environment.CurrentManagedThreadId == _threadId)
            return;
        ulong one = 1;
        _ = LinuxCalls.Write(_wakeUp, &one, sizeof(ulong));
    }

    /// <inheritdoc cref="TransportTurn.TryRunAtEnd"/>
    internal static bool TryRunAtEnd(IThreadPoolWorkItem work)
    {
        if (t_current is not { } loop)
            return false;
        loop._atEnd.Add(work);
        return true;
    }

    /// <summary>Begins to watch a descriptor, edge-triggered. What is there already is told of too.</summary>
    /// <returns>False: the system has no room for it.</returns>
    internal bool TryAdd(int descriptor, IEpollSource source, uint events)
    {
        s_sources.Set(descriptor, source);
        return TryControl(LinuxCalls.ControlAdd, descriptor, events | LinuxCalls.EventEdgeTriggered);
    }

    /// <summary>Watches for other events; those that hold already are told of again.</summary>
    internal bool TryModify(int descriptor, uint events) =>
        TryControl(LinuxCalls.ControlModify, descriptor, events | LinuxCalls.EventEdgeTriggered);

    /// <summary>Ends watching a descriptor that goes to another loop.</summary>
    internal void Forget(int descriptor) => TryControl(LinuxCalls.ControlDelete, descriptor, 0);

    /// <summary>Ends watching: to be called right before the descriptor is closed, which takes it out of the kernel's list.</summary>
    internal static void Remove(int descriptor) => s_sources.Set(descriptor, null);

    // One more is needed under load, on the thread of another, and perhaps when clients have taken all descriptors: then the first one goes on for it.
    private static EpollLoop Create(int number)
    {
        lock (s_creation)
        {
            EpollLoop? loop = s_loops[number] ?? TryMake(number);
            if (loop is null)
                return s_loops[0] ?? throw new Win32Exception(Marshal.GetLastPInvokeError(), "Cannot make an event loop");
            Volatile.Write(ref s_loops[number], loop);
            return loop;
        }
    }

    private static EpollLoop? TryMake(int number)
    {
        int epoll = LinuxCalls.EpollCreate(LinuxCalls.CloseOnExecute);
        if (epoll < 0)
            return null;
        int wakeUp = LinuxCalls.EventDescriptor(0, LinuxCalls.CloseOnExecute | LinuxCalls.NonBlocking);
        if (wakeUp >= 0 && TryControl(epoll, LinuxCalls.ControlAdd, wakeUp, LinuxCalls.EventIn | LinuxCalls.EventEdgeTriggered))
            return new EpollLoop(number, epoll, wakeUp);
        int error = Marshal.GetLastPInvokeError();
        if (wakeUp >= 0)
            _ = LinuxCalls.Close(wakeUp);
        _ = LinuxCalls.Close(epoll);
        Marshal.SetLastPInvokeError(error);
        return null;
    }

    private bool TryControl(int operation, int descriptor, uint events) => TryControl(_epoll, operation, descriptor, events);

    private static bool TryControl(int epoll, int operation, int descriptor, uint events)
    {
        // Mask and descriptor stand at the same places but for the gap that aligns the latter.
        byte* happening = stackalloc byte[16];
        *(uint*)happening = events;
        *(ulong*)(happening + LinuxCalls.EventSize - sizeof(ulong)) = (uint)descriptor;
        return LinuxCalls.EpollControl(epoll, operation, descriptor, happening) == 0;
    }

    private void Run()
    {
        _threadId = Environment.CurrentManagedThreadId;
        t_current = this;
        bool isPosted = false;
        _windowStart = _paceStart = Stopwatch.GetTimestamp();
        using var times = new ProcessorTimes();
        LinuxCalls.SleepExactly();
        while (true)
        {
            int count = Wait(isPosted ? 0 : -1, times);
            Expect(count);
            for (int i = 0; i < count; i++)
            {
                Dispatch(_sources[i].Source, _events.AsSpan(i * LinuxCalls.EventSize, LinuxCalls.EventSize));
                // A connection that has ended is not kept alive by a loop with nothing to do.
                _sources[i].Source = null;
            }
            RunPosted();
            RunAtEnd();
            lock (_gate)
                isPosted = _posted.Count > 0 || _atEnd.Count > 0;
        }
    }

    /// <summary>A connection of the loop has received. A lost count between threads only blurs the pace.</summary>
    internal void CountReceived(int bytes) => _received += bytes;

    private int Wait(int milliseconds, ProcessorTimes times)
    {
        int count;
        long before = Stopwatch.GetTimestamp();
        if (milliseconds != 0 && _pace.Pauses)
            LinuxCalls.Sleep(PauseMicroseconds);
        fixed (byte* events = _events)
            count = LinuxCalls.EpollWait(_epoll, events, EventsAtOnce, milliseconds);
        if (count < 0 && Marshal.GetLastPInvokeError() != LinuxCalls.Interrupted)
            Environment.FailFast($"epoll_wait failed with errno {Marshal.GetLastPInvokeError()}.");
        long now = Stopwatch.GetTimestamp();
        _waited += now - before;
        if (now - _paceStart >= LoopPace.Window * Stopwatch.Frequency / 1_000_000)
            EndPace(now);
        if (now - _windowStart >= ActiveLoops.Window * Stopwatch.Frequency / 1000)
            EndWindow(now, times);
        _turns++;
        _happened += Math.Max(count, 0);
        return count;
    }

    private void EndPace(long now)
    {
        long ticks = Stopwatch.Frequency / 1_000_000;
        long used = LinuxCalls.ThreadTime();
        _pace.EndWindow(now / ticks, (now - _paceStart) / ticks, _turns, _happened, _received, used - _used);
        _used = used;
        _paceStart = now;
        _turns = _happened = 0;
        _windowReceived += _received;
        _received = 0;
    }

    private void EndWindow(long now, ProcessorTimes times)
    {
        double length = now - _windowStart;
        long milliseconds = now / (Stopwatch.Frequency / 1000);
        long delayed = times.ReadDelay();
        double delay = (delayed - _delayed) * (Stopwatch.Frequency / 1e9) / length;
        double busy = 1 - (_waited / length);
        double idle = busy >= ActiveLoops.Half ? times.ReadIdle(milliseconds) : double.PositiveInfinity;
        s_active.Report(_number, milliseconds, new LoopWindow(busy, delay, (_windowReceived + _received) / length, idle));
        _windowStart = now;
        _delayed = delayed;
        _waited = 0;
        // What the window of the pace that is under way will add, and is counted here already: a window of the load has two and a half of these.
        _windowReceived = -_received;
    }

    // Who has something to do in the turn. Their memory is asked for together, before the first is told: with many connections that have a message each, most
    // of what they touch was last used many connections ago, and waiting for it one by one takes longer than what is done with it.
    private void Expect(int count)
    {
        for (int i = 0; i < count; i++)
        {
            IEpollSource? source = SourceOf(_events.AsSpan(i * LinuxCalls.EventSize, LinuxCalls.EventSize));
            Prefetch.FirstLines(source, SourceLines);
            _sources[i].Source = source;
        }
        if (!Prefetch.IsSupported)
            return;
        for (int i = 0; i < count; i++)
            _sources[i].Source?.Expect();
    }

    private IEpollSource? SourceOf(ReadOnlySpan<byte> happening)
    {
        int descriptor = MemoryMarshal.Read<int>(happening[^sizeof(ulong)..]);
        if (!BitConverter.IsLittleEndian)
            descriptor = BinaryPrimitives.ReadInt32BigEndian(happening[^sizeof(int)..]);
        if (descriptor != _wakeUp)
            return s_sources.Find(descriptor);
        ulong value;
        _ = LinuxCalls.Read(_wakeUp, &value, sizeof(ulong));
        return null;
    }

    private void Dispatch(IEpollSource? source, ReadOnlySpan<byte> happening)
    {
        if (source is not null && ReferenceEquals(source.Loop, this))
            source.OnEvents(MemoryMarshal.Read<uint>(happening));
    }

    private void RunPosted()
    {
        lock (_gate)
        {
            if (_posted.Count == 0)
                return;
            (_running, _posted) = (_posted, _running);
        }
        foreach (IThreadPoolWorkItem work in _running)
            work.Execute();
        _running.Clear();
    }

    // What comes meanwhile waits for the end of the next turn, which then begins at once.
    private void RunAtEnd()
    {
        if (_atEnd.Count == 0)
            return;
        (_running, _atEnd) = (_atEnd, _running);
        foreach (IThreadPoolWorkItem work in _running)
            work.Execute();
        _running.Clear();
    }

    // A store into an array of these does not look at the source, which is not in any cache yet.
    private struct Place
    {
        internal IEpollSource? Source;
    }
}
