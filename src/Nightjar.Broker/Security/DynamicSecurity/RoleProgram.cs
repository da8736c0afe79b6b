using Nightjar.Protocol;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>One role as it is asked. Immutable, and the same for everybody who has the role.</summary>
internal sealed class RoleProgram
{
    private readonly RuleTree? _publishClientSend;
    private readonly RuleTree? _publishClientReceive;
    private readonly RuleTree? _subscribeLiteral;
    private readonly RuleTree? _subscribePattern;
    private readonly RuleTree? _unsubscribeLiteral;
    private readonly RuleTree? _unsubscribePattern;

    /// <summary>Compiles a role.</summary>
    internal RoleProgram(DynamicRole role)
    {
        Role = role;
        var rules = role.Rules.AsSpan();
        _publishClientSend = RuleTreeBuilder.Build(rules, AclType.PublishClientSend);
        _publishClientReceive = RuleTreeBuilder.Build(rules, AclType.PublishClientReceive);
        _subscribeLiteral = RuleTreeBuilder.Build(rules, AclType.SubscribeLiteral);
        _subscribePattern = RuleTreeBuilder.Build(rules, AclType.SubscribePattern);
        _unsubscribeLiteral = RuleTreeBuilder.Build(rules, AclType.UnsubscribeLiteral);
        _unsubscribePattern = RuleTreeBuilder.Build(rules, AclType.UnsubscribePattern);
    }

    /// <summary>What it was compiled from.</summary>
    internal DynamicRole Role { get; }

    /// <summary>What the role says.</summary>
    /// <returns>Null when it says nothing of the topic, and the next role is asked.</returns>
    internal bool? Decide(Identity identity, AccessAction action, ReadOnlySpan<byte> topic)
    {
        switch (action)
        {
            case AccessAction.Write:
                return _publishClientSend?.Find(topic, identity);
            case AccessAction.Read:
                return _publishClientReceive?.Find(topic, identity);
            case AccessAction.Subscribe:
                if (!Role.AllowWildcardSubscriptions && TopicFilter.HasWildcard(topic)) return false;
                return _subscribeLiteral?.Find(topic, identity) ?? _subscribePattern?.Find(topic, identity);
            default:
                return _unsubscribeLiteral?.Find(topic, identity) ?? _unsubscribePattern?.Find(topic, identity);
        }
    }
}
