using System.Buffers.Text;
using Microsoft.Win32.SafeHandles;

namespace Nightjar.Transport.Epoll;

/// <summary>What the kernel counts of processors: how long the thread that made this has waited for one, and how many had nothing to do.</summary>
/// <remarks>Where it does not count, nobody waits and everything is idle. Reading allocates nothing. Of one thread.</remarks>
internal sealed class ProcessorTimes : IDisposable
{
    // Nanoseconds run, nanoseconds waited, slices.
    private const string ThreadName = "/proc/thread-self/schedstat";

    // "cpu", then hundredths of a second: user, nice, system, idle, waiting for disks; all processors together.
    private const string MachineName = "/proc/stat";
    private const int Nice = 2;
    private const int Idle = 4;
    private const int Disks = 5;

    // The hundredths are too coarse for less.
    private const long LeastMilliseconds = 4 * ActiveLoops.Window;

    private readonly SafeFileHandle? _thread = Open(ThreadName);
    private readonly SafeFileHandle? _machine = Open(MachineName);
    private long _idleBefore;
    private long _readAt = long.MinValue / 2;
    private double _idle = double.PositiveInfinity;

    /// <summary>How long the thread could have run and had no processor, in nanoseconds since it began.</summary>
    internal long ReadDelay()
    {
        Span<byte> text = stackalloc byte[96];
        return Number(text[..ReadFile(_thread, text)], 1);
    }

    /// <summary>How many processors had nothing to do, or nothing that does not yield, lately.</summary>
    /// <param name="now">Milliseconds.</param>
    internal double ReadIdle(long now)
    {
        long length = now - _readAt;
        if (_machine is null || length < LeastMilliseconds)
            return _idle;
        Span<byte> text = stackalloc byte[160];
        ReadOnlySpan<byte> line = text[..ReadFile(_machine, text)];
        // The name is followed by two blanks.
        long idle = Number(line, Nice + 1) + Number(line, Idle + 1) + Number(line, Disks + 1);
        // Of a time long past nothing is said.
        _idle = length < 10 * LeastMilliseconds ? (idle - _idleBefore) * 10.0 / length : double.PositiveInfinity;
        _idleBefore = idle;
        _readAt = now;
        return _idle;
    }

    /// <summary>A number of a line of numbers.</summary>
    /// <param name="line">Separated by single blanks.</param>
    /// <param name="place">How many blanks stand before it.</param>
    /// <returns>0 when there is none.</returns>
    internal static long Number(ReadOnlySpan<byte> line, int place)
    {
        for (int i = 0; i < place; i++)
        {
            int blank = line.IndexOf((byte)' ');
            if (blank < 0)
                return 0;
            line = line[(blank + 1)..];
        }
        return Utf8Parser.TryParse(line, out long number, out _) ? number : 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _thread?.Dispose();
        _machine?.Dispose();
    }

    // A window without a figure is no reason to end a loop.
    private static int ReadFile(SafeFileHandle? file, Span<byte> text)
    {
        try
        {
            return file is null ? 0 : RandomAccess.Read(file, text, 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    private static SafeFileHandle? Open(string name)
    {
        try
        {
            return File.OpenHandle(name);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
