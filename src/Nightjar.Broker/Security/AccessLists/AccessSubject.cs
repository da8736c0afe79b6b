using System.Buffers;
using System.Net;
using System.Text;

namespace Nightjar.Broker.Security.AccessLists;

/// <summary>Who a decision is made for, in the form in which the lists ask.</summary>
internal readonly ref struct AccessSubject
{
    private readonly Identity _identity;
    private readonly IPAddress? _address;

    internal AccessSubject(Identity identity)
    {
        _identity = identity;
        _address = (identity.Address as IPEndPoint)?.Address;
    }

    /// <summary>Whether a client may have its name put into a pattern: a <c>+</c> or <c>#</c> there would reach further than the one level.</summary>
    internal static bool IsDangerous(string name) => name.AsSpan().ContainsAny('+', '#');

    /// <summary>The name that stands for <c>%c</c> or <c>%u</c>; null where that edge leads nowhere for this client.</summary>
    internal string? NameOf(AccessEdge edge) => edge == AccessEdge.ClientId ? _identity.ClientId : _identity.UserName;

    /// <summary>Whether a rule with an address holds for the client.</summary>
    /// <remarks>A client whose address is not known is in every range that takes rights away and in none that gives them. One without an IP address (unix socket) is known to be in none.</remarks>
    internal bool Holds(in ScopedRight right) =>
        _address is not null ? right.Addresses.Contains(_address) : _identity.Address is null && right.Rights == AccessRights.Deny;

    /// <summary>Whether a level is, as UTF-8, exactly a name. A name with a slash in it equals no level.</summary>
    /// <remarks>Does not allocate; ends at the first difference.</remarks>
    internal static bool LevelEquals(ReadOnlySpan<byte> level, ReadOnlySpan<char> name)
    {
        // A character takes one to three bytes.
        if (level.Length < name.Length || level.Length > name.Length * 3L) return false;
        while (!name.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(name, out var wanted, out var characters) != OperationStatus.Done
                || Rune.DecodeFromUtf8(level, out var found, out var bytes) != OperationStatus.Done
                || wanted != found)
            {
                return false;
            }

            name = name[characters..];
            level = level[bytes..];
        }

        return level.IsEmpty;
    }
}
