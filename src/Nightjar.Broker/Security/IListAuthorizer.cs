namespace Nightjar.Broker.Security;

/// <summary>
/// An authorizer some of whose grants are the same for everybody whom one list of rules holds for: the answer to one of them is the answer to all.
/// </summary>
internal interface IListAuthorizer : IAuthorizer
{
    /// <summary>Whether an identity may write to a topic name: what <see cref="IAuthorizer.May"/> says.</summary>
    /// <param name="identity">Who.</param>
    /// <param name="topicName">Where to.</param>
    /// <param name="list">The list that grants it, when nothing but the list and the topic name decided; otherwise null. It stands for the rules of one
    /// authorizer: no two lists are the same object, be one the other's successor, and an identity has one list at most as long as the authorizer lives.</param>
    /// <remarks>As <see cref="IAuthorizer.May"/>: does not block, allocate or throw.</remarks>
    bool MayWrite(Identity identity, ReadOnlySpan<byte> topicName, out object? list);
}
