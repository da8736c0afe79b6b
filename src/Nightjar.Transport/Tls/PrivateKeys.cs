using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Nightjar.Transport.Tls;

/// <summary>Private keys in PEM files and in OpenSSL's engines.</summary>
internal static class PrivateKeys
{
    private const string RsaKey = "1.2.840.113549.1.1.1";

    /// <summary>Reads the key of a file: PKCS#1, PKCS#8 or SEC 1.</summary>
    /// <param name="path">The file.</param>
    /// <param name="line">What is said when it cannot be used.</param>
    /// <exception cref="TlsFileException">It cannot be read, is encrypted, or of a kind that the runtime has not.</exception>
    internal static AsymmetricAlgorithm Load(string path, string line)
    {
        string pem = CertificateFiles.ReadText(path, line);
        if (pem.Contains("BEGIN ENCRYPTED PRIVATE KEY", StringComparison.Ordinal) || pem.Contains("Proc-Type: 4,ENCRYPTED", StringComparison.Ordinal))
            throw new TlsFileException(line, $"The key is encrypted, and nobody can be asked for its password; decrypt it: openssl pkey -in {path} -out plain.key");
        if (!pem.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
            throw new TlsFileException(line, "It holds no private key in PEM form.");
        return (AsymmetricAlgorithm?)TryImport(RSA.Create(), pem) ?? TryImport(ECDsa.Create(), pem)
            ?? throw new TlsFileException(line, "The key is damaged, or neither RSA nor ECDSA.");
    }

    /// <summary>Takes the key that an engine holds under a name.</summary>
    /// <exception cref="TlsFileException">There is no such engine or key, or OpenSSL was built without engines.</exception>
    internal static AsymmetricAlgorithm FromEngine(string? engine, string key, X509Certificate2 certificate, string line)
    {
        if (engine is null)
            throw new TlsFileException(line, "tls_keyform engine needs tls_engine.");
        if (OperatingSystem.IsWindows())
            throw new TlsFileException(line, "Engines are OpenSSL's, which TLS does not use on Windows.");
        try
        {
            using SafeEvpPKeyHandle handle = SafeEvpPKeyHandle.OpenPrivateKeyFromEngine(engine, key);
            return certificate.GetKeyAlgorithm() == RsaKey ? new RSAOpenSsl(handle) : new ECDsaOpenSsl(handle);
        }
        catch (Exception exception) when (exception is CryptographicException or PlatformNotSupportedException or DllNotFoundException)
        {
            throw new TlsFileException(line, $"OpenSSL's engine \"{engine}\" does not give out this key: {exception.Message}", exception);
        }
    }

    /// <summary>Puts a certificate and its key together.</summary>
    /// <param name="certificate">Without a key.</param>
    /// <param name="key">Copied.</param>
    /// <param name="line">What is said when they do not belong together.</param>
    /// <exception cref="TlsFileException">They do not.</exception>
    internal static X509Certificate2 Join(X509Certificate2 certificate, AsymmetricAlgorithm key, string line)
    {
        try
        {
            return key switch
            {
                RSA rsa => certificate.CopyWithPrivateKey(rsa),
                ECDsa ecdsa => certificate.CopyWithPrivateKey(ecdsa),
                _ => throw new ArgumentException($"{key.GetType().Name} is no key of a certificate.", nameof(key)),
            };
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or CryptographicException)
        {
            throw new TlsFileException(line, $"The key does not belong to the certificate {certificate.Subject}.", exception);
        }
    }

    private static T? TryImport<T>(T key, string pem)
        where T : AsymmetricAlgorithm
    {
        try
        {
            key.ImportFromPem(pem);
            return key;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            key.Dispose();
            return null;
        }
    }
}
