using Nightjar.Protocol;
using Xunit;

namespace Nightjar.Broker.Tests.Conformance;

/// <summary>The versions a theory runs over.</summary>
public static class Versions
{
    /// <summary>3.1, 3.1.1 and 5.0.</summary>
    public static TheoryData<ProtocolVersion> All => [ProtocolVersion.Mqtt31, ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt50];

    /// <summary>3.1.1 and 5.0.</summary>
    public static TheoryData<ProtocolVersion> Standard => [ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt50];

    /// <summary>Each version beside each of some values.</summary>
    public static TheoryData<ProtocolVersion, T> With<T>(ProtocolVersion[] versions, params T[] values)
    {
        var data = new TheoryData<ProtocolVersion, T>();
        foreach (var version in versions)
        {
            foreach (var value in values) data.Add(version, value);
        }

        return data;
    }
}
