namespace Nightjar.Broker.Security.AccessLists;

/// <summary>How a node of an <see cref="AccessProgram"/> is reached from its parent.</summary>
internal enum AccessEdge : byte
{
    /// <summary>It is the root of a list.</summary>
    Root,

    /// <summary>A level of exactly these bytes.</summary>
    Literal,

    /// <summary>Any one level: <c>+</c>.</summary>
    AnyLevel,

    /// <summary>A level equal to the client id: <c>%c</c>.</summary>
    ClientId,

    /// <summary>A level equal to the user name: <c>%u</c>.</summary>
    UserName,
}

/// <summary>One level of the topics of a list. Other nodes are named by their index; 0 is none.</summary>
internal struct AccessNode
{
    /// <summary>Value of <see cref="OnlyLiteral"/> when there are several.</summary>
    internal const int Several = -1;

    internal int Parent;

    /// <summary>Place of the level's bytes, when the edge is a literal.</summary>
    internal int LevelOffset;

    internal int LevelLength;

    /// <summary>The literal child when there is one only, <see cref="Several"/> when the hash table knows them.</summary>
    internal int OnlyLiteral;

    internal int AnyLevel;
    internal int ClientId;
    internal int UserName;

    /// <summary>Every child, whatever its edge: a list through <see cref="NextSibling"/>.</summary>
    internal int FirstChild;

    internal int NextSibling;

    /// <summary>First of the rules with an address that end here: a list through <see cref="ScopedRight.Next"/>.</summary>
    internal int Scoped;

    internal AccessEdge Edge;

    /// <summary>Rights of the topic that ends here.</summary>
    internal AccessRights Own;

    /// <summary>Rights of the topic that ends here and of everything below: <c>#</c> is the next level.</summary>
    internal AccessRights Below;

    /// <summary>Every right that is here or further down, those with an address included.</summary>
    internal AccessRights Subtree;
}

/// <summary>A right that holds for clients of some addresses only.</summary>
/// <param name="Addresses">Which.</param>
/// <param name="Rights">The right.</param>
/// <param name="IsBelow">Of the topic and everything below it, as <see cref="AccessNode.Below"/>.</param>
/// <param name="Next">The next one of the node; 0 for none.</param>
internal readonly record struct ScopedRight(AddressRange Addresses, AccessRights Rights, bool IsBelow, int Next);
