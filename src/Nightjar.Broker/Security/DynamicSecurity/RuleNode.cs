namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>One level of the topics in a <see cref="RuleTree"/>. Other nodes are named by their index; 0 is none. Rules are named by their rank.</summary>
internal struct RuleNode
{
    internal int Parent;

    /// <summary>Place of the level's bytes, when a literal leads here.</summary>
    internal int LevelOffset;

    internal int LevelLength;

    /// <summary>Child by <c>+</c>.</summary>
    internal int AnyLevel;

    /// <summary>Child by <c>%c</c>.</summary>
    internal int ClientId;

    /// <summary>Child by <c>%u</c>.</summary>
    internal int UserName;

    /// <summary>The rule that ends here.</summary>
    internal int Own;

    /// <summary>The rule that goes on with <c>#</c>: it matches this level and everything below.</summary>
    internal int Below;

    /// <summary>The lowest rank here and further down.</summary>
    internal int Lowest;

    /// <summary>Whether the table of literals has children of this node.</summary>
    internal bool HasLiterals;
}
