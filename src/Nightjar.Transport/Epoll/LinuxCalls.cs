using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Nightjar.Transport.Buffers;

[assembly: DisableRuntimeMarshalling]

namespace Nightjar.Transport.Epoll;

/// <summary>The system calls that the event loops make, with the constants of Linux that every architecture of .NET shares.</summary>
internal static unsafe partial class LinuxCalls
{
    internal const uint EventIn = 0x001;
    internal const uint EventOut = 0x004;
    internal const uint EventError = 0x008;
    internal const uint EventHangUp = 0x010;
    internal const uint EventPeerHangUp = 0x2000;
    internal const uint EventEdgeTriggered = 1u << 31;

    internal const int ControlAdd = 1;
    internal const int ControlDelete = 2;
    internal const int ControlModify = 3;
    internal const int CloseOnExecute = 0x80000;
    internal const int NonBlocking = 0x800;
    internal const int AddressFamilyInternet = 2;
    internal const int AddressFamilyInternet6 = 10;
    internal const int ShutdownWrite = 1;

    // EINTR, EAGAIN, ENOMEM, ENFILE, EMFILE, ENOBUFS.
    internal const int Interrupted = 4;
    internal const int TryAgain = 11;
    internal const int NoMemory = 12;
    internal const int TooManyFilesInSystem = 23;
    internal const int TooManyFiles = 24;
    internal const int NoBuffers = 105;

    // Pieces of one send.
    private const int MaximumVectors = 32;

    // MSG_DONTWAIT | MSG_NOSIGNAL.
    private const int MessageFlags = 0x40 | 0x4000;
    private const int SocketLevel = 1;
    private const int LingerOption = 13;
    private const int TimerSlack = 29;
    private const int ThreadClock = 3;
    private const int DuplicateDescriptor = 1030;
    private const string Library = "libc";

    /// <summary>Size of <c>struct epoll_event</c>, which is packed on x64 and nowhere else.</summary>
    internal static readonly int EventSize = RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.X86 ? 12 : 16;

    // recvfrom, sendto, sendmsg. The youngest architectures share one list.
    private static readonly nint s_receive = NumberOf(45, 292, 371, 337, 207);
    private static readonly nint s_send = NumberOf(44, 290, 369, 335, 206);
    private static readonly nint s_sendMessage = NumberOf(46, 296, 370, 341, 211);

    /// <summary>Whether the numbers of the system calls of this architecture are known.</summary>
    internal static bool IsSupported => s_receive >= 0;

    /// <summary>Receives what is there.</summary>
    /// <returns>Bytes; 0 with Success at the end of the stream, with another error otherwise.</returns>
    internal static int Receive(int descriptor, Span<byte> destination, out SocketError error)
    {
        nint received;
        fixed (byte* start = destination)
            received = Receive(descriptor, start, destination.Length, MessageFlags);
        return Result(received, out error);
    }

    /// <summary>Sends what is taken at once.</summary>
    internal static int Send(int descriptor, ReadOnlySpan<byte> source, out SocketError error)
    {
        nint sent;
        fixed (byte* start = source)
            sent = Send(descriptor, start, source.Length, MessageFlags);
        return Result(sent, out error);
    }

    /// <summary>Sends a chain of blocks, or the first ones of it.</summary>
    /// <param name="descriptor">Where to.</param>
    /// <param name="block">The first one.</param>
    /// <param name="offset">Bytes of it that are left out.</param>
    /// <param name="length">Bytes to send; then, how many were offered.</param>
    /// <param name="error">As of <see cref="Send(int, ReadOnlySpan{byte}, out SocketError)"/>.</param>
    internal static int Send(int descriptor, BufferBlock block, int offset, ref int length, out SocketError error)
    {
        nint* vectors = stackalloc nint[2 * MaximumVectors];
        MessageHeader header = default;
        header.Vectors = vectors;
        return Result(Gather(descriptor, &header, block, offset, ref length), out error);
    }

    // Each piece is pinned by a call of its own while the next ones are gathered; there are at most as many as vectors.
    private static nint Gather(int descriptor, MessageHeader* header, BufferBlock block, int offset, ref int length)
    {
        int count = Math.Min(block.Length - offset, length);
        fixed (byte* array = block.Array)
        {
            nint* vector = header->Vectors + (2 * header->VectorCount++);
            vector[0] = (nint)(array + block.Start + offset);
            vector[1] = count;
            int left = length - count;
            if (left == 0 || header->VectorCount == MaximumVectors)
            {
                length = count;
                return SendMessage(descriptor, header, MessageFlags);
            }
            nint sent = Gather(descriptor, header, block.NextBlock!, 0, ref left);
            length = count + left;
            return sent;
        }
    }

    /// <summary>Has the next close reset the connection and throw away what was not sent.</summary>
    internal static void ResetOnClose(int descriptor)
    {
        int* linger = stackalloc int[] { 1, 0 };
        _ = SetOption(descriptor, SocketLevel, LingerOption, linger, 2 * sizeof(int));
    }

    /// <summary>Another descriptor of the same socket.</summary>
    /// <returns>-1 when there is none left.</returns>
    internal static int Duplicate(int descriptor) => Control(descriptor, DuplicateDescriptor, 0);

    /// <summary>Has the calling thread's sleeps end when they should, not up to 50 us later.</summary>
    internal static void SleepExactly() => _ = ProcessControl(TimerSlack, 1000, 0, 0, 0);

    /// <summary>Nanoseconds of a processor that the calling thread has had since it began.</summary>
    internal static long ThreadTime()
    {
        nint* time = stackalloc nint[2];
        return ReadClock(ThreadClock, time) == 0 ? (time[0] * 1_000_000_000L) + time[1] : 0;
    }

    /// <summary>Sleeps; a signal ends it early.</summary>
    internal static void Sleep(int microseconds)
    {
        nint* time = stackalloc nint[] { 0, microseconds * 1000 };
        _ = Sleep(time, null);
    }

    [LibraryImport(Library, EntryPoint = "epoll_create1", SetLastError = true)]
    internal static partial int EpollCreate(int flags);

    [LibraryImport(Library, EntryPoint = "epoll_ctl", SetLastError = true)]
    internal static partial int EpollControl(int epoll, int operation, int descriptor, byte* happening);

    [LibraryImport(Library, EntryPoint = "epoll_wait", SetLastError = true)]
    internal static partial int EpollWait(int epoll, byte* happenings, int maximum, int milliseconds);

    [LibraryImport(Library, EntryPoint = "eventfd", SetLastError = true)]
    internal static partial int EventDescriptor(uint initial, int flags);

    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)]
    internal static partial nint Read(int descriptor, void* destination, nint count);

    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
    internal static partial nint Write(int descriptor, void* source, nint count);

    [LibraryImport(Library, EntryPoint = "accept4", SetLastError = true)]
    internal static partial int Accept(int descriptor, byte* address, int* length, int flags);

    [LibraryImport(Library, EntryPoint = "getsockname", SetLastError = true)]
    internal static partial int GetLocalAddress(int descriptor, byte* address, int* length);

    [LibraryImport(Library, EntryPoint = "shutdown", SetLastError = true)]
    internal static partial int Shutdown(int descriptor, int how);

    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    internal static partial int Close(int descriptor);

    // Not through recv, send and sendmsg of the C library: in a process with threads these let themselves be cancelled before the call and forbid it
    // after it, with a locked instruction each. Nobody cancels threads here.
    private static nint Receive(int descriptor, byte* destination, nint count, int flags) =>
        Told(Call(s_receive, descriptor, destination, count, flags, 0, 0));

    private static nint Send(int descriptor, byte* source, nint count, int flags) =>
        Told(Call(s_send, descriptor, source, count, flags, 0, 0));

    private static nint SendMessage(int descriptor, MessageHeader* message, int flags) =>
        Told(Call(s_sendMessage, descriptor, message, flags, 0, 0, 0));

    // As the kernel itself tells it: below zero the number of the error. The runtime preserves that on the way back from the call, and no further.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Told(nint result) => result < 0 ? -Marshal.GetLastSystemError() : result;

    private static nint NumberOf(nint x64, nint arm, nint s390x, nint power, nint newer) => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => x64,
        Architecture.Arm or Architecture.Armv6 => arm,
        Architecture.S390x => s390x,
        Architecture.Ppc64le => power,
        Architecture.Arm64 or Architecture.LoongArch64 or Architecture.RiscV64 => newer,
        _ => -1,
    };

    // The last two arguments are those of recvfrom and sendto that recv and send leave out.
    [LibraryImport(Library, EntryPoint = "syscall")]
    private static partial nint Call(nint number, nint descriptor, void* data, nint third, nint fourth, nint fifth, nint sixth);

    [LibraryImport(Library, EntryPoint = "setsockopt", SetLastError = true)]
    private static partial int SetOption(int descriptor, int level, int option, void* value, int length);

    [LibraryImport(Library, EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command, int argument);

    [LibraryImport(Library, EntryPoint = "prctl", SetLastError = true)]
    private static partial int ProcessControl(int option, nuint first, nuint second, nuint third, nuint fourth);

    [LibraryImport(Library, EntryPoint = "clock_gettime")]
    private static partial int ReadClock(int clock, nint* time);

    [LibraryImport(Library, EntryPoint = "nanosleep", SetLastError = true)]
    private static partial int Sleep(nint* time, nint* rest);

    private static int Result(nint count, out SocketError error)
    {
        if (count >= 0)
        {
            error = SocketError.Success;
            return (int)count;
        }
        error = ErrorOf((int)-count);
        return 0;
    }

    // As the runtime translates them.
    private static SocketError ErrorOf(int number) => number switch
    {
        TryAgain or Interrupted => SocketError.WouldBlock,
        9 => SocketError.OperationAborted,
        NoMemory or NoBuffers => SocketError.NoBufferSpaceAvailable,
        32 => SocketError.Shutdown,
        100 => SocketError.NetworkDown,
        101 => SocketError.NetworkUnreachable,
        102 => SocketError.NetworkReset,
        103 => SocketError.ConnectionAborted,
        104 => SocketError.ConnectionReset,
        107 => SocketError.NotConnected,
        110 => SocketError.TimedOut,
        111 => SocketError.ConnectionRefused,
        112 => SocketError.HostDown,
        113 => SocketError.HostUnreachable,
        _ => SocketError.SocketError,
    };

    // struct msghdr.
    private struct MessageHeader
    {
        internal nint Name;
        internal nuint NameLength;
        internal nint* Vectors;
        internal nint VectorCount;
        internal nint Control;
        internal nuint ControlLength;
        internal int Flags;
    }
}
