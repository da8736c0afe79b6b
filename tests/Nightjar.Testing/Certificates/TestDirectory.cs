using System.Security.Cryptography.X509Certificates;

namespace Nightjar.Testing.Certificates;

/// <summary>A directory of a test's own, with files of certificates.</summary>
public sealed class TestDirectory : IDisposable
{
    /// <summary>Where it is.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("nightjar").FullName;

    /// <summary>Writes a file.</summary>
    /// <returns>Its path.</returns>
    public string Write(string name, string text)
    {
        string path = System.IO.Path.Combine(Path, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Writes certificates, one behind the other.</summary>
    /// <returns>The path.</returns>
    public string Write(string name, params X509Certificate2[] certificates) =>
        Write(name, string.Join('\n', certificates.Select(certificate => certificate.ExportCertificatePem())) + "\n");

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Path, recursive: true);
}
