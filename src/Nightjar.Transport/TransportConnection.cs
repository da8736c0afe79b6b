using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Nightjar.Transport.Tls;

namespace Nightjar.Transport;

/// <summary>One byte stream between us and a peer, whatever carries it.</summary>
/// <remarks>One owner reads <see cref="Input"/> and disposes of the connection when its loop has ended; <see cref="Abort"/> and
/// <see cref="CloseAsync"/> may come from any thread at any time.</remarks>
public abstract class TransportConnection : IDuplexPipe, IAsyncDisposable
{
    /// <summary>Places of <see cref="Expect"/>.</summary>
    public const int ExpectedPlaces = 5;

    /// <summary>What the peer sends.</summary>
    /// <remarks>Reading never throws for what a peer or the network did: the result is completed and <see cref="Error"/> tells why. While
    /// a read waits and nothing is unconsumed, no pooled buffer is held. One read delivers at most about 64 KiB beyond what was left
    /// unconsumed. The continuation of a read runs on the thread that got the bytes.</remarks>
    public abstract PipeReader Input { get; }

    /// <summary>What goes to the peer.</summary>
    public abstract OutputPipeWriter Output { get; }

    /// <summary>Our end; null when it is not known, such as after the connection was closed.</summary>
    public abstract EndPoint? LocalEndPoint { get; }

    /// <summary>The peer's end; null when it is not known.</summary>
    public abstract EndPoint? RemoteEndPoint { get; }

    /// <summary>Why the connection ended: Success for a clean end (and while it lasts), OperationAborted after <see cref="Abort"/>, else
    /// what the network said first.</summary>
    [SuppressMessage("Naming", "CA1716", Justification = "SocketAsyncEventArgs and its kin say it so; Visual Basic can escape it.")]
    public abstract SocketError Error { get; }

    /// <summary>What TLS agreed on; null without TLS, and before its handshake is over.</summary>
    public virtual TlsSession? Tls => null;

    /// <summary>Why a layer above the network (TLS) ended the connection, in words for the log; null when it did not.</summary>
    public virtual string? Failure => null;

    PipeWriter IDuplexPipe.Output => Output;

    /// <summary>Reads, and has a handler take what comes, until it has enough. Nobody else may read meanwhile.</summary>
    /// <param name="handler">Called once for each read, never at the same time twice.</param>
    /// <returns>Completes when the handler has said so, on the thread that called it; fails with what the handler throws.</returns>
    /// <remarks>The same as a loop around <see cref="PipeReader.ReadAsync"/>, without going back to its state for each read: that is some cache
    /// lines, which cost a message that travels alone a tenth of its way through the broker.</remarks>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public virtual async ValueTask ServeAsync(IInputHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        while (handler.Take(Input, await Input.ReadAsync().ConfigureAwait(false)))
        {
        }
    }

    /// <summary>Asks to be served, from the next event on, by the thread that serves another connection: for two that have nearly all of their
    /// work in common.</summary>
    /// <param name="leader">The other one; null: by whichever thread it would be served by without it, again.</param>
    /// <remarks>A wish: who is served by no thread of its own, or cannot be moved, stays where it is.</remarks>
    public virtual void Follow(TransportConnection? leader)
    {
    }

    /// <summary>Tells what handling the next bytes will touch, so that the transport may ask for its memory before it receives them.</summary>
    /// <param name="place">0 to <see cref="ExpectedPlaces"/> - 1; what was told of the place before is forgotten.</param>
    /// <param name="item">The object, which the connection keeps alive; null for nothing.</param>
    /// <remarks>Of the reading loop. A hint: it costs a message that travels alone a sixth of what the broker does for it to wait for memory that was last used many
    /// connections ago.</remarks>
    public virtual void Expect(int place, object? item)
    {
    }

    /// <summary>Ends the connection at once: unsent bytes are lost, the peer sees a reset, a pending read completes.</summary>
    /// <remarks>Any thread, any number of times. Does not block and runs nobody's continuation, so it may be called under a lock.</remarks>
    public abstract void Abort();

    /// <summary>Ends the connection in order: what was committed is sent, then the end of the stream; what the peer still sends until it
    /// ends its own stream is discarded, so that a reset cannot overtake our last bytes.</summary>
    /// <param name="linger">Bounds the whole of it. Zero: bytes that the operating system does not take at once are lost.</param>
    /// <returns>Completes when the operating system has its resources back. A later call returns when the first does.</returns>
    /// <remarks>Any thread. A pending read completes; later writes are swallowed.</remarks>
    public abstract ValueTask CloseAsync(TimeSpan linger);

    /// <summary>As <see cref="CloseAsync"/>, for a peer that has said that it sends nothing more: its end of the stream is not waited for, where the
    /// transport needs no farewell.</summary>
    /// <param name="linger">Bounds the whole of it.</param>
    /// <remarks>A peer that sends something nevertheless gets a reset, which may overtake what it has not read.</remarks>
    public virtual ValueTask CloseAfterLastAsync(TimeSpan linger) => CloseAsync(linger);

    /// <summary>Aborts the connection if it is still open and gives every pooled thing back.</summary>
    /// <remarks>The owner calls it after its read loop. Whoever fills <see cref="Output"/> must end with Commit or Complete, before or
    /// after: a block in the hands of the fill side goes back then.</remarks>
    public abstract ValueTask DisposeAsync();
}
