namespace Nightjar.Broker.Sessions;

/// <summary>The connection behind a link. An interface and not two delegates, which would cost every connection 128 bytes.</summary>
internal interface ILinkOwner
{
    /// <summary>Has the session go on sending, later and on another thread.</summary>
    void Resume();

    /// <summary>Has what waits for a ticket of the store go on when it is durable. Without any gate.</summary>
    void Await(long ticket);

    /// <summary>Closes the connection because more is waiting for its client than memory is there for. Without any gate.</summary>
    void GiveUp();
}
