using System.Diagnostics;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Transport.Tests;

public class AppendTests
{
    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task Append_AmongWrites_ArrivesInOrderAndGivesReferencesBack(TransportKind kind)
    {
        var leaks = new LeakCheck();
        byte[] bytes = Wire.Pattern(200_000);
        var owner = new CountingOwner((byte[])bytes.Clone());
        var expected = new List<byte>();
        await using (TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool))
        {
            Assert.Equal(kind == TransportKind.Memory || (kind == TransportKind.EventLoop && OperatingSystem.IsLinux()), pair.Client.Output.SendsInPlace);
            // More pieces than one system call takes, a small one first, a large one last, one of nothing.
            for (int i = 0; i < 100; i++)
            {
                byte[] header = Wire.Pattern(i % 7, seed: i);
                pair.Client.Write(header);
                int count = i == 99 ? 150_000 : i * 13;
                owner.AppendTo(pair.Client.Output, i * 3, count);
                expected.AddRange(header);
                expected.AddRange(bytes.AsSpan(i * 3, count));
            }
            Assert.Equal(expected.Count, pair.Client.Output.UnsentBytes);
            Assert.Equal(expected.Count, pair.Client.Output.UnflushedBytes);
            Task<byte[]> reading = pair.Server.ReadAsync(expected.Count);
            pair.Client.Send([]);
            Assert.Equal(expected, await reading);
            // The last receiver's block goes back a moment after its bytes have arrived.
            await WaitForNoneAsync(owner);
            pair.Client.Send([1, 2, 3]);
            Assert.Equal([1, 2, 3], await pair.Server.ReadAsync(3));
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    [Theory]
    [InlineData(TransportKind.Socket)]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task Append_PeerStopsReading_KeepsTheRestAndCountsIt(TransportKind kind)
    {
        var leaks = new LeakCheck();
        byte[] bytes = Wire.Pattern(20_000);
        var owner = new CountingOwner((byte[])bytes.Clone());
        await using (TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool, capacity: 32 * 1024))
        {
            const int Count = 400;
            var drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            pair.Client.Output.OnDrained(static state => ((TaskCompletionSource)state!).TrySetResult(), drained);
            for (int i = 0; i < Count; i++)
            {
                pair.Client.Write([(byte)i, 77]);
                owner.AppendTo(pair.Client.Output, i, bytes.Length - i);
                // In batches of different lengths, so that a send ends anywhere in a piece.
                if (i % 7 == i % 5)
                    pair.Client.Send([]);
            }
            pair.Client.Send([]);
            long total = Enumerable.Range(0, Count).Sum(i => 2 + bytes.Length - i);
            long unsent = pair.Client.Output.UnsentBytes;
            Assert.InRange(unsent, total / 2, total - 1);
            Assert.Equal(kind == TransportKind.Socket, owner.References == 0);
            for (int i = 0; i < Count; i++)
            {
                byte[] received = await pair.Server.ReadAsync(2 + bytes.Length - i);
                Assert.Equal([(byte)i, 77], received.AsSpan(0, 2).ToArray());
                Assert.True(received.AsSpan(2).SequenceEqual(bytes.AsSpan(i)), $"Message {i} is not what was sent.");
            }
            await drained.Task.WaitAsync(Wire.Guard);
            Assert.Equal(0, pair.Client.Output.UnsentBytes);
            await WaitForNoneAsync(owner);
            owner.End();
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    [Theory]
    [InlineData(TransportKind.EventLoop, true)]
    [InlineData(TransportKind.EventLoop, false)]
    [InlineData(TransportKind.Memory, true)]
    [InlineData(TransportKind.Memory, false)]
    public async Task End_WhileReferencesAreHeld_GivesThemBack(TransportKind kind, bool isCommitted)
    {
        var leaks = new LeakCheck();
        var owner = new CountingOwner(Wire.Pattern(100_000));
        await using (TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool, capacity: 32 * 1024))
        {
            for (int i = 0; i < 100; i++)
                owner.AppendTo(pair.Client.Output, 0, 100_000);
            if (isCommitted)
            {
                pair.Client.Send([]);
                owner.AppendTo(pair.Client.Output, 0, 100_000);
            }
            Assert.NotEqual(0, owner.References);
            pair.Client.Abort();
            // What was not committed goes with the next commit, as the broker makes it.
            Assert.False(pair.Client.Output.Commit());
            await WaitForNoneAsync(owner);
            // Nobody keeps what comes later.
            owner.AppendTo(pair.Client.Output, 5, 50_000);
            Assert.False(pair.Client.Output.Commit());
            Assert.Equal(0, owner.References);
            Assert.Equal(0, pair.Client.Output.UnsentBytes);
            owner.End();
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    [Theory]
    [InlineData(TransportKind.EventLoop)]
    [InlineData(TransportKind.Memory)]
    public async Task Complete_AfterAppend_SendsEverythingFirst(TransportKind kind)
    {
        var leaks = new LeakCheck();
        byte[] bytes = Wire.Pattern(1_000_000);
        var owner = new CountingOwner((byte[])bytes.Clone());
        await using (TransportPair pair = await TransportPair.CreateAsync(kind, leaks.Pool, capacity: 32 * 1024))
        {
            pair.Client.Write([1]);
            owner.AppendTo(pair.Client.Output, 0, bytes.Length);
            pair.Client.Write([2]);
            pair.Client.Output.Complete();
            byte[] received = await pair.Server.ReadToEndAsync();
            Assert.Equal([1, .. bytes, 2], received);
            await WaitForNoneAsync(owner);
        }
        await leaks.AssertReturnsToZeroAsync();
    }

    // What is written, and where the operating system stops taking bytes, and what the fill side does meanwhile, are all by chance.
    [Fact]
    public void Append_WithEveryKindOfInterruption_SendsWhatWasWritten()
    {
        for (int seed = 0; seed < 3000; seed++)
        {
            var leaks = new LeakCheck();
            var writer = new ScriptedWriter(leaks.Pool, seed);
            writer.Run(steps: 60);
            Assert.True(writer.Expected.SequenceEqual(writer.Sent), $"Seed {seed}: other bytes were sent than written.");
            Assert.Equal(0, writer.References);
            leaks.AssertNothingOutstanding();
        }
    }

    private static async Task WaitForNoneAsync(CountingOwner owner)
    {
        long start = Stopwatch.GetTimestamp();
        while (owner.References != 0)
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Wire.Guard, $"{owner.References} references are out.");
            await Task.Yield();
        }
    }
}
