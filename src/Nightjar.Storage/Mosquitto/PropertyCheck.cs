using Nightjar.Protocol;

namespace Nightjar.Storage.Mosquitto;

/// <summary>Judges blocks of properties as if they came in a packet.</summary>
internal static class PropertyCheck
{
    /// <summary>What a broker passes on of a message's properties.</summary>
    /// <param name="block">Encoded, without their length.</param>
    /// <param name="error">What is wrong with them; null when nothing is.</param>
    internal static byte[] Forwardable(ReadOnlySpan<byte> block, out string? error) => Forwardable(block, PropertyScope.Publish, out _, out _, out error);

    /// <summary>The same for a will, which has its expiry among them.</summary>
    internal static byte[] ForwardableOfWill(ReadOnlySpan<byte> block, out uint? expiryInterval, out string? error) =>
        Forwardable(block, PropertyScope.Will, out expiryInterval, out _, out error);

    /// <summary>The Subscription Identifiers of a delivery; null for none.</summary>
    internal static uint[]? Identifiers(ReadOnlySpan<byte> block, out string? error)
    {
        Forwardable(block, PropertyScope.Publish, out _, out var identifiers, out error);
        return identifiers;
    }

    private static byte[] Forwardable(ReadOnlySpan<byte> block, ushort scope, out uint? expiryInterval, out uint[]? identifiers, out string? error)
    {
        expiryInterval = null;
        identifiers = null;
        error = null;
        if (!PublishProperties.TryRead(block, 0, scope, PacketDirection.ToClient, out var properties, out var problem))
        {
            error = $"its properties break {problem.Rule}.";
            return [];
        }

        if (properties.HasMessageExpiryInterval) expiryInterval = properties.MessageExpiryInterval;
        if (properties.SubscriptionIdentifierCount > 0)
        {
            var found = new List<uint>();
            foreach (var identifier in properties.SubscriptionIdentifiers) found.Add(identifier);
            identifiers = [.. found];
        }

        var forwardable = new byte[properties.ForwardableLength];
        properties.CopyForwardable(forwardable);
        return forwardable;
    }
}
