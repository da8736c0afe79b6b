using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Nightjar.Transport.Tls;

/// <summary>The connection below as the stream that TLS records come from and go to.</summary>
/// <remarks>
/// <para>Neither direction throws or allocates. A read of no bytes waits until there are some, so that whoever reads rents no buffer
/// meanwhile. A write never waits: the bytes go into the output below, and <see cref="TlsOutputWriter"/> takes no more while much waits
/// there. While the output is corked, records gather and leave together.</para>
/// <para>While shaking hands, what follows a read runs on the thread pool: the thread that got the bytes must not do asymmetric
/// cryptography.</para>
/// </remarks>
internal sealed class RecordStream(TransportConnection connection) : Stream
{
    // Who is in TLS.
    private const int Idle = 0;
    private const int Reading = 1;
    private const int Ending = 2;

    private readonly PipeReader _input = connection.Input;
    private readonly OutputPipeWriter _output = connection.Output;

    // The reading side answers what TLS asks of it while the writing side writes.
    private readonly Lock _gate = new();
    private bool _isCorked;
    private int _use;

    // Reading side: the stream below has ended, and everything was taken.
    private bool _isEnded;

    /// <summary>Set by whoever shakes hands, before and after.</summary>
    internal bool IsShakingHands { get; set; }

    /// <summary>Whether the peer, or we ourselves, ended the stream below.</summary>
    internal bool IsEnded => _isEnded;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The reading side is about to have TLS decrypt. TLS locks decryption against encryption, but not against its own end.</summary>
    internal void EnterUse()
    {
        if (Interlocked.CompareExchange(ref _use, Reading, Idle) != Ending)
            return;
        SpinWait spin = default;
        while (Interlocked.CompareExchange(ref _use, Reading, Idle) == Ending)
            spin.SpinOnce();
    }

    /// <summary>The reading side waits, or is done.</summary>
    internal void LeaveUse() => Interlocked.CompareExchange(ref _use, Idle, Reading);

    /// <summary>Whether the end of TLS may be written now: nobody decrypts, and nobody will until <see cref="LeaveEnding"/>.</summary>
    internal bool TryEnterEnding() => Interlocked.CompareExchange(ref _use, Ending, Idle) == Idle;

    internal void LeaveEnding() => Volatile.Write(ref _use, Idle);

    /// <summary>Holds records back until <see cref="Uncork"/>. Writing side.</summary>
    internal void Cork()
    {
        lock (_gate)
            _isCorked = true;
    }

    /// <summary>Sends the records held back.</summary>
    internal void Uncork()
    {
        bool mustSend;
        lock (_gate)
        {
            _isCorked = false;
            mustSend = _output.Commit();
        }
        if (mustSend)
            _output.Send();
    }

    /// <summary>Ends our half of the stream below.</summary>
    internal void Complete()
    {
        lock (_gate)
            _output.Complete();
    }

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_isEnded)
            return new ValueTask<int>(0);
        if (_input.TryRead(out ReadResult result))
            return new ValueTask<int>(Take(result, buffer));
        LeaveUse();
        return WaitAsync(buffer);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        bool mustSend;
        lock (_gate)
        {
            _output.Write(buffer);
            mustSend = !_isCorked && _output.Commit();
        }
        if (mustSend)
            _output.Send();
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        Write(buffer.AsSpan(offset, count));
        return Task.CompletedTask;
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> WaitAsync(Memory<byte> buffer)
    {
        ReadResult result = await _input.ReadAsync(CancellationToken.None).ConfigureAwait(false);
        if (IsShakingHands && !Thread.CurrentThread.IsThreadPoolThread)
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        EnterUse();
        return Take(result, buffer);
    }

    private int Take(in ReadResult result, Memory<byte> buffer)
    {
        ReadOnlySequence<byte> source = result.Buffer;
        if (source.IsEmpty && result.IsCompleted)
            _isEnded = true;
        int count = (int)Math.Min(source.Length, buffer.Length);
        source.Slice(0, count).CopyTo(buffer.Span);
        _input.AdvanceTo(source.GetPosition(count));
        return count;
    }
}
