namespace Nightjar.Broker.Persistence;

/// <summary>A document that several nodes may change: dynamic security.</summary>
internal interface IReplicatedDocument
{
    /// <summary>The newest content and its version; version 0 and null while there is none.</summary>
    (long Version, ReadOnlyMemory<byte>? Content) Read();

    /// <summary>Replaces the content if the version is still the given one.</summary>
    /// <returns>The new version once it is durable; null when another change came first.</returns>
    ValueTask<long?> CompareAndPutAsync(long version, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Calls back after each change, whoever made it.</summary>
    IDisposable Watch(Action<long> changed);
}
