using Nightjar.Broker.Sessions;
using Nightjar.Transport;

namespace Nightjar.Broker.Connections;

/// <summary>
/// Decides whether a publisher is served by the thread that serves its receiver. Publishers whose messages all go to one client, served by several threads,
/// wait at its gate for each other and for its acknowledgements, and all that a message touches goes from one processor's cache to the other's
/// and back: two threads get less done then than one, at a higher price. So a publisher that finds the gate taken too often follows its receiver for some
/// seconds; then it is on its own, and looks again.
/// </summary>
/// <remarks>Of the publisher's reading loop. Who publishes to several clients follows nobody: what is done for each of them is done beside the others.</remarks>
internal sealed class ReceiverCompany
{
    /// <summary>Batches that are looked at together.</summary>
    internal const int Sample = 64;

    /// <summary>In how many of them somebody else must have been in the gate: 2 of 64 is what pairs and fan-ins at QoS 0 come to.</summary>
    internal const int Crowded = 8;

    /// <summary>How long a publisher stays with its receiver, in milliseconds.</summary>
    internal const long Stay = 10_000;

    private Session? _receiver;
    private int _batches;
    private int _waited;
    private long _until;
    private bool _follows;

    /// <summary>A batch has ended.</summary>
    /// <param name="crowding">What it met.</param>
    /// <param name="now">Milliseconds.</param>
    /// <param name="follows">Whether the publisher is to be with <see cref="GateCrowding.Receiver"/> from now on.</param>
    /// <returns>Whether that has changed.</returns>
    internal bool Changes(in GateCrowding crowding, long now, out bool follows)
    {
        var before = _follows;
        if (_follows && now >= _until) Begin(null);
        else if (crowding.IsMixed || (crowding.Receiver is not null && !ReferenceEquals(crowding.Receiver, _receiver))) Begin(crowding.Receiver);
        if (!before && crowding.Receiver is not null) Judge(crowding, now);
        follows = _follows;
        return before != follows;
    }

    private void Judge(in GateCrowding crowding, long now)
    {
        if (crowding.Waited && ++_waited == Crowded)
        {
            _follows = true;
            _until = now + Stay;
        }
        else if (++_batches == Sample)
        {
            _batches = _waited = 0;
        }
    }

    private void Begin(Session? receiver)
    {
        _receiver = receiver;
        _batches = _waited = 0;
        _follows = false;
    }
}
