using System.Collections.Concurrent;

namespace Nightjar.Broker.Security.DynamicSecurity;

// What. The state of dynamic security, compiled for the question "may this client do this with this topic". Mosquitto walks, for each question,
// the roles of the client by priority and name, then those of each of its groups, and in each role the rules by priority; the first that matches
// decides, and where none does, the default access.
//
// A role is compiled once into trees that find the first matching rule (RuleTree); everybody who has the role shares it. A client is compiled into the
// numbers of its roles and groups, the first time that it is asked for, and the numbers are looked up in arrays of this program: the role of
// each number, the role numbers of each group. So
//
//   a rule changes             one role is compiled, one array of 8 bytes a role is copied; nothing of any client or group
//   a group's roles change     one small array, and the array of groups
//   a client changes           nothing; its numbers are found anew when it is asked for next
//
// and that is all a change costs, whatever the number of clients: the next program takes over everything else. Clients are kept in a table that all
// programs of one line share. An entry is the truth for a program when its client is the very object that the program's state has; that is
// looked up once per entry and version of the clients, because a change of roles or groups leaves the clients as they are.
//
// Why not the obvious way. Deciding by walking the state costs a logarithmic look-up by string for each role, and the rules one by one.
// Resolving all clients at each change costs 100 ms with 100 000 of them, resolving each when it is asked for costs as much at the next
// message that goes to all of them. Names in place of numbers would need no table of them, and a hash per role and question.

/// <summary>All of dynamic security as it is asked. Immutable; what it remembers of clients says the same whoever computes it.</summary>
internal sealed class DynamicSecurityProgram
{
    // Names that are gone leave their number behind; so many more than there are names, and the line of programs begins anew.
    private const int MaximumLeftBehind = 1024;
    private readonly SlotTable _roleSlots;
    private readonly SlotTable _groupSlots;
    private readonly RoleProgram?[] _roles;
    private readonly int[]?[] _groups;
    private readonly ConcurrentDictionary<string, DynamicSubject> _subjects;
    private readonly long _version;
    private readonly int _anonymousGroup;

    private DynamicSecurityProgram(DynamicSecurityState state, DynamicSecurityProgram? previous)
    {
        State = state;
        if (previous is not null && previous.IsWornOut(state)) previous = null;
        _roleSlots = previous?._roleSlots ?? new SlotTable();
        _groupSlots = previous?._groupSlots ?? new SlotTable();
        _roles = previous is not null && ReferenceEquals(previous.State.Roles, state.Roles) ? previous._roles : CompileRoles(previous);
        _groups = previous is not null && ReferenceEquals(previous.State.Groups, state.Groups) ? previous._groups : CompileGroups(previous);
        _subjects = previous?._subjects ?? new ConcurrentDictionary<string, DynamicSubject>(StringComparer.Ordinal);
        _version = previous is null ? 1 : previous._version + (ReferenceEquals(previous.State.Clients, state.Clients) ? 0 : 1);
        _anonymousGroup = state.AnonymousGroup is null ? -1 : _groupSlots.Find(state.AnonymousGroup);
    }

    /// <summary>What it was compiled from.</summary>
    internal DynamicSecurityState State { get; }

    /// <summary>Compiles a state from nothing.</summary>
    internal static DynamicSecurityProgram Compile(DynamicSecurityState state) => new(state, null);

    /// <summary>Compiles the state that follows: only what is another object than in this one's.</summary>
    /// <remarks>One caller at a time for all programs of one line.</remarks>
    internal DynamicSecurityProgram Then(DynamicSecurityState state) => new(state, this);

    /// <summary>Decides.</summary>
    /// <param name="identity">Who.</param>
    /// <param name="action">What.</param>
    /// <param name="topic">Topic name or filter.</param>
    /// <returns>Null when somebody else is to be asked: the user is not one of this state's.</returns>
    internal bool? Decide(Identity identity, AccessAction action, ReadOnlySpan<byte> topic)
    {
        if (topic.IsEmpty) return false;
        if (identity.UserName is not { } userName) return DecideAnonymous(identity, action, topic);
        if (SubjectOf(userName) is not { } subject) return null;
        if (subject.Client.IsDisabled) return false;
        return AskRoles(subject.Roles, identity, action, topic) ?? AskGroups(subject.Groups, identity, action, topic) ?? DefaultOf(action, topic);
    }

    // Who has no name, and no group that stands for those who have none, is not one of ours either.
    private bool? DecideAnonymous(Identity identity, AccessAction action, ReadOnlySpan<byte> topic)
    {
        if (_anonymousGroup < 0) return null;
        return AskRoles(_groups[_anonymousGroup], identity, action, topic) ?? DefaultOf(action, topic);
    }

    /// <summary>What holds where no rule speaks. <c>$CONTROL</c> is never given by default.</summary>
    internal bool DefaultOf(AccessAction action, ReadOnlySpan<byte> topic)
    {
        var allowed = action switch
        {
            AccessAction.Write => State.DefaultAccess.PublishClientSend,
            AccessAction.Read => State.DefaultAccess.PublishClientReceive,
            AccessAction.Subscribe => State.DefaultAccess.Subscribe,
            _ => State.DefaultAccess.Unsubscribe,
        };
        return allowed && !TopicRoot.IsControl(topic);
    }

    private bool? AskGroups(int[] groups, Identity identity, AccessAction action, ReadOnlySpan<byte> topic)
    {
        foreach (var group in groups)
        {
            if (AskRoles(_groups[group], identity, action, topic) is { } decided) return decided;
        }

        return null;
    }

    private bool? AskRoles(int[]? roles, Identity identity, AccessAction action, ReadOnlySpan<byte> topic)
    {
        if (roles is null) return null;
        foreach (var role in roles)
        {
            if (_roles[role]?.Decide(identity, action, topic) is { } decided) return decided;
        }

        return null;
    }

    private DynamicSubject? SubjectOf(string userName)
    {
        if (_subjects.TryGetValue(userName, out var subject) && subject.Version == _version) return subject;
        if (!State.Clients.TryGetValue(userName, out var client)) return null;
        if (subject is not null && ReferenceEquals(subject.Client, client))
        {
            subject.Version = _version;
            return subject;
        }

        return _subjects[userName] = new DynamicSubject(client, _roleSlots, _groupSlots, _version);
    }

    private RoleProgram?[] CompileRoles(DynamicSecurityProgram? previous)
    {
        foreach (var name in State.Roles.Keys) _roleSlots.Take(name);
        var roles = new RoleProgram?[_roleSlots.Count];
        foreach (var (name, role) in State.Roles)
        {
            var slot = _roleSlots.Find(name);
            var known = previous is not null && slot < previous._roles.Length ? previous._roles[slot] : null;
            roles[slot] = ReferenceEquals(known?.Role, role) ? known : new RoleProgram(role);
        }

        return roles;
    }

    private int[]?[] CompileGroups(DynamicSecurityProgram? previous)
    {
        foreach (var name in State.Groups.Keys) _groupSlots.Take(name);
        var groups = new int[]?[_groupSlots.Count];
        foreach (var (name, group) in State.Groups)
        {
            var slot = _groupSlots.Find(name);
            var isKnown = previous is not null && previous.State.Groups.TryGetValue(name, out var old) && ReferenceEquals(old, group);
            groups[slot] = isKnown ? previous!._groups[slot] : _roleSlots.FindAll(group.Roles.Select(grant => grant.RoleName));
        }

        return groups;
    }

    private bool IsWornOut(DynamicSecurityState state) =>
        _roleSlots.Count > state.Roles.Count + MaximumLeftBehind
        || _groupSlots.Count > state.Groups.Count + MaximumLeftBehind
        || _subjects.Count > state.Clients.Count + MaximumLeftBehind;
}
