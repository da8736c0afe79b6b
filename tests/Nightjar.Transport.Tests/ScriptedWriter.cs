using System.Net.Sockets;
using Nightjar.Transport.Buffers;

namespace Nightjar.Transport.Tests;

/// <summary>An output whose fill side and operating system act by chance on one thread: several blocks are offered at once, some of the bytes are
/// taken, a transmit stays pending, and the fill side writes and commits while a send is under way.</summary>
internal sealed class ScriptedWriter : OutputPipeWriter
{
    private readonly Random _random;
    private readonly byte[] _shared;
    private readonly CountingOwner _owner;
    private readonly List<byte> _uncommitted = [];
    private bool _isPending;
    private int _stepsLeft;

    internal ScriptedWriter(BufferPool pool, int seed)
        : base(pool)
    {
        _random = new Random(seed);
        _shared = Wire.Pattern(3000, seed);
        _owner = new CountingOwner(_shared);
    }

    /// <inheritdoc/>
    public override bool SendsInPlace => true;

    /// <summary>What was committed.</summary>
    internal List<byte> Expected { get; } = [];

    /// <summary>What was taken.</summary>
    internal List<byte> Sent { get; } = [];

    /// <summary>References to shared bytes that are out.</summary>
    internal int References => _owner.References;

    /// <summary>Does so many things, and has the rest sent.</summary>
    internal void Run(int steps)
    {
        _stepsLeft = steps;
        while (_stepsLeft > 0)
        {
            if (Step())
                Send();
            if (_isPending && _random.Next(3) == 0)
                EndWait();
        }
        if (CommitAll())
            Send();
        while (_isPending)
            EndWait();
    }

    private protected override int TryTransmit(ReadOnlySpan<byte> bytes, out SocketError error) =>
        throw new InvalidOperationException("Blocks are offered, not bytes.");

    private protected override int TryTransmit(BufferBlock block, int offset, ref int length, out SocketError error)
    {
        int pieces = _random.Next(1, 6);
        int left = length;
        int offered = 0;
        int limit = _random.Next(3) == 0 ? _random.Next(5000) : int.MaxValue;
        int before = Sent.Count;
        for (BufferBlock? next = block; pieces > 0 && left > 0; pieces--, next = next.NextBlock, offset = 0)
        {
            int count = Math.Min(left, next!.Length - offset);
            offered += count;
            left -= count;
            int taken = Math.Min(count, limit - (Sent.Count - before));
            Sent.AddRange(next.Array.AsSpan(next.Start + offset, taken));
        }
        length = offered;
        int sent = Sent.Count - before;
        error = sent < offered ? SocketError.WouldBlock : SocketError.Success;
        // Another thread would be in it at this moment. A send is under way, so that there is none to begin.
        while (_random.Next(2) == 0 && _stepsLeft > 0)
        {
            if (Step())
                throw new InvalidOperationException("There are two senders.");
        }
        return sent;
    }

    private protected override bool TransmitAsync(byte[] array, int offset, int count, out int sent, out SocketError error)
    {
        sent = 0;
        error = SocketError.Success;
        _isPending = true;
        return true;
    }

    private protected override void ShutdownSend()
    {
    }

    private protected override void OnSendFailed(SocketError error)
    {
    }

    private void EndWait()
    {
        _isPending = false;
        OnTransmitted(0, SocketError.Success);
    }

    // Of the fill side. True: it has to send.
    private bool Step()
    {
        _stepsLeft--;
        switch (_random.Next(5))
        {
            case 0:
                Fill(_random.Next(40));
                return false;
            case 1:
                Fill(_random.Next(20) == 0 ? 70_000 : _random.Next(3000));
                return false;
            case 2:
                int start = _random.Next(_shared.Length);
                int count = _random.Next(_shared.Length - start);
                _owner.AppendTo(this, start, count);
                _uncommitted.AddRange(_shared.AsSpan(start, count));
                return false;
            case 3:
                _ = GetSpan(_random.Next(2000));
                return false;
            default:
                return CommitAll();
        }
    }

    private void Fill(int count)
    {
        Span<byte> span = GetSpan(count)[..count];
        _random.NextBytes(span);
        Advance(count);
        _uncommitted.AddRange(span);
    }

    private bool CommitAll()
    {
        Expected.AddRange(_uncommitted);
        _uncommitted.Clear();
        return Commit();
    }
}
