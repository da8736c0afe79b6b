namespace Nightjar.Transport.Epoll;

/// <summary>A descriptor that an <see cref="EpollLoop"/> watches.</summary>
internal interface IEpollSource
{
    /// <summary>The loop whose thread tells of events.</summary>
    EpollLoop Loop { get; }

    /// <summary>Will be told of events in a moment, after others: asks for the memory that they will touch.</summary>
    void Expect();

    /// <summary>Something may have happened. It may also be old news of another that had the descriptor before.</summary>
    /// <param name="events">The mask of epoll_wait.</param>
    void OnEvents(uint events);
}
