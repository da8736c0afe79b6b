using System.Text;
using Nightjar.Broker.Security;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>Allows everything but one topic or filter.</summary>
internal sealed class DenyingAuthorizer(string denied) : IAuthorizer
{
    private readonly byte[] _denied = Encoding.UTF8.GetBytes(denied);

    public bool May(Identity identity, AccessAction action, ReadOnlySpan<byte> topic) => !topic.SequenceEqual(_denied);
}
