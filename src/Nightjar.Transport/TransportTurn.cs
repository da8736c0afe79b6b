using Nightjar.Transport.Epoll;

namespace Nightjar.Transport;

/// <summary>A turn of an event loop: everything that follows the events of one wait. It holds one thread from beginning to end.</summary>
public static class TransportTurn
{
    /// <summary>Puts something off until the events at hand have been handled, so that what they have in common is done once.</summary>
    /// <param name="work">Called on this thread; must not block.</param>
    /// <returns>False: the calling thread is no event loop's, and nothing was put off.</returns>
    /// <remarks>Does not allocate in the steady state.</remarks>
    public static bool TryRunAtEnd(IThreadPoolWorkItem work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return EpollLoop.TryRunAtEnd(work);
    }
}
