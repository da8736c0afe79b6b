using System.Buffers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Nightjar.Transport.Files;

namespace Nightjar.Transport.Tls;

/// <summary>Certificates in PEM files.</summary>
internal static class CertificateFiles
{
    private static readonly SearchValues<char> s_digits = SearchValues.Create("0123456789abcdef");

    /// <summary>Reads every certificate of a file; at least one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="line">What is said when it cannot be read.</param>
    /// <exception cref="TlsFileException">It cannot be read, or holds none.</exception>
    internal static X509Certificate2Collection Load(string path, string line)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(ReadText(path, line));
        }
        catch (CryptographicException exception)
        {
            throw new TlsFileException(line, $"A certificate in it is damaged: {exception.Message}", exception);
        }
        return certificates.Count > 0 ? certificates : throw new TlsFileException(line, "It holds no certificate in PEM form.");
    }

    /// <summary>Adds the certificates of a file and of a directory, each once.</summary>
    /// <exception cref="TlsFileException">One of them cannot be read.</exception>
    internal static void LoadAuthorities(string? file, string? directory, X509Certificate2Collection authorities)
    {
        var known = new HashSet<string>();
        if (file is not null)
            AddNew(Load(file, $"Error: Unable to load CA certificates. Check cafile \"{file}\"."), authorities, known);
        if (directory is null)
            return;
        string line = $"Error: Unable to load CA certificates. Check capath \"{directory}\".";
        foreach (string path in Files(directory, line, static name => IsPem(name) || HasHash(name, revocation: false)))
            AddNew(Load(path, line), authorities, known);
    }

    /// <summary>Files of a directory that a name chooses, in order.</summary>
    /// <exception cref="TlsFileException">It cannot be listed.</exception>
    internal static IEnumerable<string> Files(string directory, string line, Func<string, bool> choose)
    {
        try
        {
            return Directory.GetFiles(directory).Where(path => choose(Path.GetFileName(path))).Order(StringComparer.Ordinal).ToArray();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new TlsFileException(line, exception.Message, exception);
        }
    }

    /// <summary>The names of <c>openssl rehash</c>: eight hexadecimal digits, a dot, r for a revocation list, and a number.</summary>
    internal static bool HasHash(string name, bool revocation)
    {
        int prefix = revocation ? 10 : 9;
        return name.Length > prefix && name.AsSpan(0, 8).IndexOfAnyExcept(s_digits) < 0 && name[8] == '.'
            && (!revocation || name[9] == 'r') && name.AsSpan(prefix).IndexOfAnyExceptInRange('0', '9') < 0;
    }

    /// <exception cref="TlsFileException">It cannot be read.</exception>
    internal static string ReadText(string path, string line)
    {
        try
        {
            return RegularFile.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new TlsFileException(line, exception.Message, exception);
        }
    }

    private static bool IsPem(string name) =>
        name.EndsWith(".pem", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".crt", StringComparison.OrdinalIgnoreCase);

    private static void AddNew(X509Certificate2Collection loaded, X509Certificate2Collection authorities, HashSet<string> known)
    {
        foreach (X509Certificate2 certificate in loaded)
        {
            if (known.Add(certificate.Thumbprint))
                authorities.Add(certificate);
        }
    }
}
