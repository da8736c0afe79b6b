using System.Text;
using Nightjar.Broker.Collections;
using Nightjar.Broker.Subscriptions;
using Xunit;

namespace Nightjar.Broker.Tests.Subscriptions;

/// <summary>What must hold of the nodes of a trie at rest.</summary>
internal static class TrieShape
{
    /// <summary>Asserts that no node is empty or a mere link, that each stands under its full path, and that its bytes are those of a live
    /// filter.</summary>
    /// <returns>The number of nodes.</returns>
    public static int AssertSound(SubscriptionTrie trie, IReadOnlyCollection<byte[]> liveFilters)
    {
        HashSet<byte[]> live = new(liveFilters, ReferenceEqualityComparer.Instance as IEqualityComparer<byte[]>);
        Stack<(SubscriptionNode Node, string Path)> stack = new();
        foreach (var child in ChildrenOf(trie.Root)) stack.Push((child, ""));
        var count = 0;
        while (stack.TryPop(out var visit))
        {
            count++;
            var (node, above) = visit;
            var path = above + Encoding.UTF8.GetString(node.Levels);
            Assert.Equal(path, Encoding.UTF8.GetString(node.Source.AsSpan(0, node.End)));
            Assert.Contains(node.Source, live);

            var children = ChildrenOf(node).ToArray();
            if (node.Subscribers is null) Assert.True(children.Length > 1, $"'{path}' is a link or empty");
            Assert.Equal(children.Length > 1, node.Children is SubscriptionBranch);
            foreach (var child in children) stack.Push((child, path + "/"));
        }

        return count;
    }

    private static IEnumerable<SubscriptionNode> ChildrenOf(SubscriptionNode node)
    {
        if (node.Children is SubscriptionNode only) yield return only;
        if (node.Children is not SubscriptionBranch branch) yield break;
        if (branch.SingleLevel is { } single) yield return single;
        if (branch.MultiLevel is { } multi) yield return multi;
        List<LevelNode> literals = [];
        var cursor = branch.GetCursor();
        while (cursor.Next() is { } child) literals.Add(child);
        foreach (var child in literals) yield return (SubscriptionNode)child;
    }
}
