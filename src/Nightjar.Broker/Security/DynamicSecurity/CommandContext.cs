using System.Collections.Immutable;
using System.Globalization;
using Nightjar.Broker.Security.Passwords;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>What one command works with.</summary>
/// <param name="actor">Who sent it; null for a tool that works on the file.</param>
/// <param name="broker">What is around the state.</param>
/// <param name="hash">Makes the hash of a password; burns CPU.</param>
/// <param name="json">The response, inside the command's object.</param>
internal sealed class CommandContext(Identity? actor, IRunningBroker broker, Func<string, PasswordHash> hash, CJsonWriter json)
{
    private readonly ImmutableHashSet<string>.Builder _clients = ImmutableHashSet.CreateBuilder<string>(StringComparer.Ordinal);
    private readonly ImmutableHashSet<string>.Builder _groups = ImmutableHashSet.CreateBuilder<string>(StringComparer.Ordinal);
    private readonly ImmutableHashSet<string>.Builder _roles = ImmutableHashSet.CreateBuilder<string>(StringComparer.Ordinal);
    private bool _defaultAccess;
    private bool _anonymousGroup;

    /// <summary>The state as the commands so far left it.</summary>
    internal required DynamicSecurityState State { get; set; }

    /// <summary>Fields of the command.</summary>
    internal CommandFields Fields { get; set; }

    /// <summary>The response.</summary>
    internal CJsonWriter Json => json;

    /// <summary>What is around the state.</summary>
    internal IRunningBroker Broker => broker;

    /// <summary>Log lines of the commands that succeeded so far.</summary>
    internal List<string> AuditLines { get; } = [];

    /// <summary>Whether the last command made a hash: whoever runs many of them gives others a turn then.</summary>
    internal bool HasHashed { get; set; }

    /// <summary>What the commands so far changed.</summary>
    internal DynamicSecurityChange Change => new()
    {
        Clients = _clients.ToImmutable(),
        Groups = _groups.ToImmutable(),
        Roles = _roles.ToImmutable(),
        DefaultAccess = _defaultAccess,
        AnonymousGroup = _anonymousGroup,
    };

    internal PasswordHash Hash(string password)
    {
        HasHashed = true;
        return hash(password);
    }

    /// <summary>Takes a changed state. One that is not different counts for nothing, and nothing is written for it.</summary>
    internal void Apply(DynamicSecurityState state)
    {
        if (ReferenceEquals(state, State)) return;
        State = state with { ChangeIndex = State.ChangeIndex + 1 };
    }

    internal void TouchClient(string userName) => _clients.Add(userName);

    internal void TouchGroup(string groupName) => _groups.Add(groupName);

    internal void TouchRole(string roleName) => _roles.Add(roleName);

    internal void TouchDefaultAccess() => _defaultAccess = true;

    internal void TouchAnonymousGroup() => _anonymousGroup = true;

    /// <summary>Notes a command for the log in Mosquitto's form, with the address it came from.</summary>
    /// <param name="text">The command and its fields, never a password: <c>createRole | rolename=r</c>.</param>
    internal void Audit(FormattableString text)
    {
        var origin = actor is null ? "(file)" : $"{JsonFields.Shown(actor.ClientId)}/{(actor.UserName is null ? "(null)" : JsonFields.Shown(actor.UserName))}";
        var address = actor?.Address is { } endPoint ? $" | address={endPoint}" : "";
        AuditLines.Add($"dynsec: {origin} | {JsonFields.Shown(text.ToString(CultureInfo.InvariantCulture), longest: 2000)}{address}");
    }
}
