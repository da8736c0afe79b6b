namespace Nightjar.Broker.Sessions;

/// <summary>What a batch has met at the gate of its only receiver: who that was, and whether somebody else was in it.</summary>
internal struct GateCrowding
{
    /// <summary>Who got the messages; null when nobody did, or not one alone.</summary>
    internal Session? Receiver { get; private set; }

    /// <summary>More than one got messages.</summary>
    internal bool IsMixed { get; private set; }

    /// <summary>Somebody else was in the gate.</summary>
    internal bool Waited { get; private set; }

    /// <summary>The gate of a receiver was entered.</summary>
    internal void Count(Session receiver, bool wasFree)
    {
        Waited |= !wasFree;
        if (IsMixed || ReferenceEquals(Receiver, receiver)) return;
        if (Receiver is null) Receiver = receiver;
        else Mix();
    }

    /// <summary>A message had several receivers.</summary>
    internal void Mix()
    {
        IsMixed = true;
        Receiver = null;
    }
}
