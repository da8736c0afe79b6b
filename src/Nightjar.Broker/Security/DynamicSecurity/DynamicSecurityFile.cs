namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>A file of dynamic security that was read: <c>dynamic-security.json</c> of Mosquitto 2.0 or 2.1, or of <c>dynsec init</c>. Immutable.</summary>
/// <param name="State">What it says.</param>
/// <param name="Warnings">What in it is ignored, and who else can read it, for the log; empty when all is well.</param>
internal sealed record DynamicSecurityFile(DynamicSecurityState State, IReadOnlyList<string> Warnings)
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">A regular file; a symbolic link to one is followed.</param>
    /// <exception cref="SecurityFileException">The file cannot be read, or something in it is wrong: what, and in which line.</exception>
    /// <remarks>Takes time and memory in proportion to the file; files above 256 MiB are refused.</remarks>
    internal static DynamicSecurityFile Load(string path)
    {
        var content = SecurityFile.Read(path, "dynamic security config", out var warnings);
        var file = Parse(content, path);
        return file with { Warnings = [.. warnings, .. file.Warnings] };
    }

    /// <summary>Reads the content of a file.</summary>
    /// <param name="content">JSON.</param>
    /// <param name="path">Name for messages.</param>
    /// <exception cref="SecurityFileException">Something in it is wrong: what, and in which line.</exception>
    internal static DynamicSecurityFile Parse(ReadOnlySpan<byte> content, string path) => new DynamicSecurityFileReader(path).Read(content);
}
