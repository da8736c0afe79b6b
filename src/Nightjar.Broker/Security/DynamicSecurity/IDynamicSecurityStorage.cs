namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>Where the document is kept.</summary>
internal interface IDynamicSecurityStorage
{
    /// <summary>Reads what is kept.</summary>
    /// <exception cref="SecurityFileException">It cannot be read, or something in it is wrong.</exception>
    DynamicSecurityFile Read();

    /// <summary>Replaces what is kept as a whole: at every moment, also after a loss of power, the old or the new content is there.</summary>
    /// <returns>Once the new content is durable.</returns>
    /// <exception cref="IOException">It could not be done. The old content is there, or at worst the new one.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    /// <remarks>Blocks for as long as the disk takes.</remarks>
    void Replace(DynamicSecurityState state);
}
