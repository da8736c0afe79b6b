using System.Text;
using Nightjar.Transport.Epoll;
using Xunit;

namespace Nightjar.Transport.Tests.Epoll;

public sealed class ProcessorTimesTests
{
    [Theory]
    [InlineData("207975837 48437493 90\n", 0, 207975837)]
    [InlineData("207975837 48437493 90\n", 1, 48437493)]
    [InlineData("207975837 48437493 90\n", 2, 90)]
    [InlineData("207975837 48437493 90\n", 3, 0)]
    [InlineData("cpu  11 22 33 44 55 66\ncpu0 1 2 3 4 5 6\n", 3, 22)]
    [InlineData("cpu  11 22 33 44 55 66\ncpu0 1 2 3 4 5 6\n", 5, 44)]
    [InlineData("", 0, 0)]
    [InlineData("", 1, 0)]
    [InlineData("words only", 1, 0)]
    [InlineData("99999999999999999999999 1", 0, 0)]
    public void Number_IsTheOneBehindSoManyBlanks(string line, int place, long expected) =>
        Assert.Equal(expected, ProcessorTimes.Number(Encoding.ASCII.GetBytes(line), place));

    [Fact]
    public void ReadDelay_NeverGoesBack()
    {
        using var times = new ProcessorTimes();
        long before = times.ReadDelay();
        Assert.InRange(before, 0, long.MaxValue);
        Thread.Yield();
        Assert.InRange(times.ReadDelay(), before, long.MaxValue);
    }

    [Fact]
    public void ReadIdle_SaysNothingOfTimeItHasNotSeen()
    {
        using var times = new ProcessorTimes();
        Assert.Equal(double.PositiveInfinity, times.ReadIdle(1000));
        // Too short for the kernel's hundredths of a second: as before.
        Assert.Equal(double.PositiveInfinity, times.ReadIdle(1000 + ActiveLoops.Window));
        if (File.Exists("/proc/stat"))
            Assert.InRange(times.ReadIdle(1000 + (4 * ActiveLoops.Window)), 0, double.MaxValue);
        Assert.Equal(double.PositiveInfinity, times.ReadIdle(100_000));
    }

    [Fact]
    public void Reading_AllocatesNothing()
    {
        using var times = new ProcessorTimes();
        long now = 0;
        for (int i = 0; i < 100; i++)
            Read(times, ref now);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            Read(times, ref now);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static void Read(ProcessorTimes times, ref long now)
    {
        _ = times.ReadDelay();
        _ = times.ReadIdle(now += 4 * ActiveLoops.Window);
    }
}
