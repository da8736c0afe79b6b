using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;
using Nightjar.Transport.Sockets;

namespace Nightjar.Transport.Epoll;

/// <summary>Accepts connections from a listening TCP socket and gives each of them to a loop in turn.</summary>
internal sealed class EpollListener : TransportListener, IEpollSource, IValueTaskSource, IThreadPoolWorkItem
{
    // Connections accepted in a row before the loop looks after others.
    private const int AcceptsInTurn = 16;

    // Something may be there to accept; somebody waits for that.
    private const int Readable = 1;
    private const int Armed = 2;

    private readonly Socket _socket;
    private readonly int _descriptor;
    private readonly SocketTransportOptions _options;
    private readonly CancellationTokenSource _closed = new();
    private readonly AcceptBackOff _backOff;
    private ManualResetValueTaskSourceCore<bool> _wait;
    private int _events = Readable;
    private int _acceptsLeft = AcceptsInTurn;
    private int _isClosed;

    /// <summary>Takes a listening socket over.</summary>
    /// <exception cref="SocketException">The system has no room to watch it.</exception>
    internal EpollListener(Socket socket, SocketTransportOptions options)
    {
        _socket = socket;
        _descriptor = (int)socket.SafeHandle.DangerousGetHandle();
        _options = options;
        _backOff = new AcceptBackOff(options.TimeProvider, _closed.Token);
        LocalEndPoint = socket.LocalEndPoint!;
        socket.Blocking = false;
        Loop = EpollLoop.Of(EpollLoop.NextNumber());
        if (!Loop.TryAdd(_descriptor, this, LinuxCalls.EventIn))
            throw new SocketException((int)SocketError.NoBufferSpaceAvailable);
    }

    /// <inheritdoc/>
    public EpollLoop Loop { get; }

    /// <inheritdoc/>
    public override EndPoint LocalEndPoint { get; }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<TransportConnection?> AcceptAsync(CancellationToken cancellationToken)
    {
        while (Volatile.Read(ref _isClosed) == 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!_backOff.TryTakeReserve())
            {
                await _backOff.WaitAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }
            int error = TryAccept(out EpollConnection? connection);
            if (connection is not null)
            {
                _backOff.Reset();
                return connection;
            }
            if (error is LinuxCalls.TooManyFiles or LinuxCalls.TooManyFilesInSystem or LinuxCalls.NoMemory or LinuxCalls.NoBuffers)
            {
                _backOff.ReleaseReserve();
                await _backOff.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            else if (error == LinuxCalls.TryAgain)
            {
                await WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        return null;
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0)
            return;
        await _closed.CancelAsync().ConfigureAwait(false);
        // Who is in accept4 has left it before the number can be another's: the handle is held there.
        EpollLoop.Remove(_descriptor);
        _socket.Dispose();
        _backOff.Dispose();
        EndWait();
    }

    /// <inheritdoc/>
    public void Expect()
    {
        // One of it is in use all the time.
    }

    /// <inheritdoc/>
    public void OnEvents(uint events)
    {
        if ((Interlocked.Or(ref _events, Readable) & Armed) != 0 && TryTake())
        {
            _acceptsLeft = AcceptsInTurn;
            _wait.SetResult(true);
        }
    }

    void IThreadPoolWorkItem.Execute() => OnEvents(LinuxCalls.EventIn);

    void IValueTaskSource.GetResult(short token) => _wait.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _wait.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _wait.OnCompleted(continuation, state, token, flags);

    // The error number when there is no connection; TryAgain also when others are to have their turn.
    private unsafe int TryAccept(out EpollConnection? connection)
    {
        connection = null;
        if ((Volatile.Read(ref _events) & Readable) == 0 || --_acceptsLeft < 0)
            return LinuxCalls.TryAgain;
        byte* address = stackalloc byte[SocketAddresses.MaximumSize];
        int length = SocketAddresses.MaximumSize;
        bool isHeld = false;
        try
        {
            _socket.SafeHandle.DangerousAddRef(ref isHeld);
            Interlocked.And(ref _events, ~Readable);
            int accepted = LinuxCalls.Accept(_descriptor, address, &length, LinuxCalls.CloseOnExecute | LinuxCalls.NonBlocking);
            int error = accepted < 0 ? Marshal.GetLastPInvokeError() : 0;
            if (error != LinuxCalls.TryAgain)
                Interlocked.Or(ref _events, Readable);
            if (accepted >= 0)
                connection = new EpollConnection(accepted, SocketAddresses.Read(new ReadOnlySpan<byte>(address, Math.Min(length, SocketAddresses.MaximumSize))), _options);
            return error;
        }
        catch (ObjectDisposedException)
        {
            // Closed meanwhile, as the caller sees.
            return LinuxCalls.Interrupted;
        }
        finally
        {
            if (isHeld)
                _socket.SafeHandle.DangerousRelease();
        }
    }

    private async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration registration =
            cancellationToken.UnsafeRegister(static listener => ((EpollListener)listener!).EndWait(), this);
        _wait.Reset();
        var pending = new ValueTask(this, _wait.Version);
        // What happened before the wait is armed tells nobody, and neither does what is left when it was the turn of others.
        if ((Interlocked.Or(ref _events, Armed) & Readable) != 0)
            Loop.Post(this);
        if (cancellationToken.IsCancellationRequested || Volatile.Read(ref _isClosed) != 0)
            EndWait();
        await pending.ConfigureAwait(false);
    }

    // Not on this thread: what waits would go on inside the call that ends it.
    private void EndWait()
    {
        if (TryTake())
            ThreadPool.UnsafeQueueUserWorkItem(static listener => listener._wait.SetResult(false), this, preferLocal: false);
    }

    private bool TryTake() => (Interlocked.And(ref _events, ~Armed) & Armed) != 0;
}
