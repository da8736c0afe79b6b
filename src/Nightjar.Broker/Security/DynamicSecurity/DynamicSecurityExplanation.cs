using System.Globalization;
using System.Text;
using Nightjar.Protocol;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>
/// Why a client may or may not do something: every role that is asked, in order, what it says, and which rule of which role of which group decided,
/// or which default.
/// </summary>
/// <remarks>Walks the state as the specification has it, role by role and rule by rule; whether one rule matches is asked of the code that decides.</remarks>
internal sealed class DynamicSecurityExplanation
{
    private readonly DynamicSecurityState _state;
    private readonly Identity _identity;
    private readonly AccessAction _action;
    private readonly string _topic;
    private readonly byte[] _asked;
    private readonly List<string> _steps = [];
    private string _decision = "";
    private bool? _isAllowed;

    private DynamicSecurityExplanation(DynamicSecurityState state, Identity identity, AccessAction action, string topic)
    {
        _state = state;
        _identity = identity;
        _action = action;
        _topic = topic;
        _asked = Encoding.UTF8.GetBytes(topic);
        if (action is not (AccessAction.Subscribe or AccessAction.Unsubscribe) || !SharedSubscription.TryParse(_asked, out var shared)) return;
        _asked = shared.TopicFilter.ToArray();
        _steps.Add($"note: of a shared subscription its filter is asked, '{Encoding.UTF8.GetString(_asked)}'");
    }

    /// <summary>Whether it is allowed; null when dynamic security has nothing to say of the user.</summary>
    internal bool? IsAllowed => _isAllowed;

    /// <summary>Lines for people: the answer, what decided, and what was asked before it.</summary>
    internal IReadOnlyList<string> Lines => [Answer, _decision, .. _steps];

    private string ActionName => NameOf(_action);

    private string Answer
    {
        get
        {
            var who = _identity.UserName is { } userName ? $"user '{userName}'" : "a client without a user name";
            var verb = _isAllowed switch { true => "allowed", false => "denied", _ => "not decided by dynamic security" };
            return $"{ActionName} '{_topic}' by {who} with client id '{_identity.ClientId}': {verb}";
        }
    }

    /// <summary>Explains a decision.</summary>
    /// <param name="state">The state to decide by.</param>
    /// <param name="userName">User name; null for a client without one.</param>
    /// <param name="clientId">Client id, for <c>%c</c>.</param>
    /// <param name="action">What it wants to do.</param>
    /// <param name="topic">Topic name or filter that can be asked about.</param>
    /// <param name="deniesSpecialCharacters">auth_plugin_deny_special_chars.</param>
    internal static DynamicSecurityExplanation Of(
        DynamicSecurityState state, string? userName, string clientId, AccessAction action, string topic, bool deniesSpecialCharacters = true)
    {
        var explanation = new DynamicSecurityExplanation(state, new Identity(clientId, userName, null), action, topic);
        if (deniesSpecialCharacters && new[] { userName, clientId }.Any(name => name is not null && AccessLists.AccessSubject.IsDangerous(name)))
            explanation.Decide(false, "decided by auth_plugin_deny_special_chars: user name or client id has + or #");
        else if (action == AccessAction.Write && AccessGate.IsBrokersOwn(explanation._asked))
            explanation.Decide(false, "decided by the broker: nobody else publishes to $SYS");
        else
            explanation.Walk();
        return explanation;
    }

    /// <summary>Whether text is a topic name, or for subscribing and unsubscribing a topic filter.</summary>
    internal static bool CanBeAsked(AccessAction action, string topic)
    {
        var utf8 = Encoding.UTF8.GetBytes(topic);
        if (action is AccessAction.Write or AccessAction.Read) return TopicName.IsValid(utf8, DynamicText.MaximumLevels);
        return TopicFilter.IsValid(SharedSubscription.TryParse(utf8, out var shared) ? shared.TopicFilter : utf8, DynamicText.MaximumLevels);
    }

    /// <summary>The word for an action in a request: that of its default access.</summary>
    internal static string NameOf(AccessAction action) => action switch
    {
        AccessAction.Write => "publishClientSend",
        AccessAction.Read => "publishClientReceive",
        AccessAction.Subscribe => "subscribe",
        _ => "unsubscribe",
    };

    /// <summary>The action of a word in a request, in any case.</summary>
    /// <returns>Null for an unknown one.</returns>
    internal static AccessAction? ActionOf(string name)
    {
        foreach (var action in Enum.GetValues<AccessAction>())
        {
            if (string.Equals(name, NameOf(action), StringComparison.OrdinalIgnoreCase)) return action;
        }

        return null;
    }

    private void Walk()
    {
        if (_identity.UserName is null)
        {
            if (_state.AnonymousGroup is null) Leave("there is no anonymous group");
            else if (!AskGroup(_state.AnonymousGroup, $"anonymous group '{_state.AnonymousGroup}'")) Default();
            return;
        }

        if (!_state.Clients.TryGetValue(_identity.UserName, out var client))
        {
            Leave("there is no such client");
            return;
        }

        if (client.IsDisabled)
        {
            Decide(false, "decided by the client being disabled");
            return;
        }

        if (client.ClientId is { } bound && bound != _identity.ClientId) _steps.Add($"note: the client is bound to client id '{bound}' and cannot connect with this one");
        foreach (var grant in client.Roles)
        {
            if (AskRole(grant, "of the client")) return;
        }

        foreach (var membership in client.Groups)
        {
            if (AskGroup(membership.GroupName, $"group '{membership.GroupName}'{Priority(membership.Priority)}")) return;
        }

        Default();
    }

    private bool AskGroup(string groupName, string words)
    {
        if (!_state.Groups.TryGetValue(groupName, out var group) || group.Roles.IsEmpty)
        {
            _steps.Add($"{words}: has no roles");
            return false;
        }

        return group.Roles.Any(grant => AskRole(grant, $"of {words}"));
    }

    private bool AskRole(RoleGrant grant, string owner)
    {
        var words = $"role '{grant.RoleName}'{Priority(grant.Priority)} {owner}";
        if (!_state.Roles.TryGetValue(grant.RoleName, out var role)) return false;
        if (_action == AccessAction.Subscribe && !role.AllowWildcardSubscriptions && TopicFilter.HasWildcard(_asked))
        {
            Decide(false, $"decided by {words}: allowwildcardsubs is false");
            return true;
        }

        foreach (var type in TypesOf(_action))
        {
            foreach (var rule in role.Rules.Where(rule => rule.AclType == type))
            {
                if (RuleTreeBuilder.Build([rule], type)!.Find(_asked, _identity) is not { } allowed) continue;
                Decide(allowed, string.Create(CultureInfo.InvariantCulture, $"decided by {words}: {Encoding.ASCII.GetString(AclTypeNames.NameOf(type))} {(allowed ? "allow" : "deny")} '{rule.Topic}' (priority {rule.Priority})"));
                return true;
            }
        }

        var count = role.Rules.Count(rule => TypesOf(_action).Contains(rule.AclType));
        _steps.Add(string.Create(CultureInfo.InvariantCulture, $"{words}: none of its {count} rules for this matches"));
        return false;
    }

    private void Default()
    {
        var access = _state.DefaultAccess;
        var allowed = _action switch
        {
            AccessAction.Write => access.PublishClientSend,
            AccessAction.Read => access.PublishClientReceive,
            AccessAction.Subscribe => access.Subscribe,
            _ => access.Unsubscribe,
        };
        if (allowed && TopicRoot.IsControl(_asked)) Decide(false, "decided by default: $CONTROL is never given by default access");
        else Decide(allowed, $"decided by default access: {ActionName} {(allowed ? "allow" : "deny")}");
    }

    private void Leave(string why)
    {
        _decision = $"{why}: the ACL file is asked, if there is one";
        _isAllowed = null;
    }

    private void Decide(bool allowed, string decision)
    {
        _isAllowed = allowed;
        _decision = decision;
    }

    private static AclType[] TypesOf(AccessAction action) => action switch
    {
        AccessAction.Write => [AclType.PublishClientSend],
        AccessAction.Read => [AclType.PublishClientReceive],
        AccessAction.Subscribe => [AclType.SubscribeLiteral, AclType.SubscribePattern],
        _ => [AclType.UnsubscribeLiteral, AclType.UnsubscribePattern],
    };

    private static string Priority(int priority) => priority == -1 ? "" : string.Create(CultureInfo.InvariantCulture, $" (priority {priority})");
}
