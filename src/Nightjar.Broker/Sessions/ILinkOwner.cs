namespace Nightjar.Broker.Sessions;

/// <summary>The connection behind a link. An interface and not two delegates, which would cost every connection 128 bytes.</summary>
internal interface ILinkOwner
{
    /// <summary>Has the session go on sending, later and on another thread.</summary>
    void Resume();

    /// <summary>Keeps what was written, and what will be, from the client until a ticket of the store is durable. Under the gate.</summary>
    void HoldUntil(long ticket);

    /// <summary>Has what is held released when the store is that far. Without any gate.</summary>
    void AwaitHeld();

    /// <summary>Closes the connection because more is waiting for its client than memory is there for. Without any gate.</summary>
    void GiveUp();
}
