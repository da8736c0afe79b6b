using System.Runtime.InteropServices;

namespace Nightjar.Broker.Sessions;

/// <summary>How many sessions each user name has, offline ones included. A session takes its place before it is in the table and gives it back when it ends.</summary>
/// <remarks>Any thread; taken under a session's gate too, as a last lock. Anonymous sessions, whose user name is null, are not counted.</remarks>
internal sealed class UserSessionCounts
{
    private const int StripeCount = 16;
    private readonly Dictionary<string, int>[] _stripes = new Dictionary<string, int>[StripeCount];

    internal UserSessionCounts()
    {
        for (var i = 0; i < StripeCount; i++) _stripes[i] = new Dictionary<string, int>(StringComparer.Ordinal);
    }

    /// <summary>Sessions of a user now.</summary>
    internal int Of(string userName)
    {
        var stripe = StripeOf(userName);
        lock (stripe) return stripe.GetValueOrDefault(userName);
    }

    /// <summary>Takes a place for a session.</summary>
    /// <param name="userName">User name; null takes none.</param>
    /// <param name="maximum">Most places of one user; 0 for no limit.</param>
    /// <returns>False when the user has them all.</returns>
    internal bool TryTake(string? userName, int maximum)
    {
        if (userName is null) return true;
        var stripe = StripeOf(userName);
        lock (stripe)
        {
            ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(stripe, userName, out var known);
            if (known && maximum > 0 && count >= maximum) return false;
            count++;
            return true;
        }
    }

    /// <summary>Gives a place back.</summary>
    internal void Release(string? userName)
    {
        if (userName is null) return;
        var stripe = StripeOf(userName);
        lock (stripe)
        {
            ref var count = ref CollectionsMarshal.GetValueRefOrNullRef(stripe, userName);
            if (--count == 0) stripe.Remove(userName);
        }
    }

    private Dictionary<string, int> StripeOf(string userName) => _stripes[(uint)string.GetHashCode(userName, StringComparison.Ordinal) % StripeCount];
}
