using System.Text;
using Nightjar.Broker.Security;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>Forbids everything on some topics and filters, compared whole.</summary>
internal sealed class DenyTopics(params string[] topics) : IAuthorizer
{
    private readonly byte[][] _topics = [.. topics.Select(Encoding.UTF8.GetBytes)];

    public bool May(Identity identity, AccessAction action, ReadOnlySpan<byte> topic)
    {
        foreach (var denied in _topics)
        {
            if (topic.SequenceEqual(denied)) return false;
        }

        return true;
    }
}
