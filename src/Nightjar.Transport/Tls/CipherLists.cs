using System.Net.Security;
using System.Runtime.InteropServices;

namespace Nightjar.Transport.Tls;

/// <summary>Lists of ciphers in OpenSSL's syntax, which OpenSSL itself reads: the syntax has rules about what it knows, and is no one else's.</summary>
internal static partial class CipherLists
{
    // Mosquitto's default for TLS 1.2, for when only the suites of TLS 1.3 are given.
    private const string DefaultList = "DEFAULT:!aNULL:!eNULL:!LOW:!EXPORT:!SSLv2:@STRENGTH";

    private const string OpenSsl = "libssl.so.3";

    /// <summary>Translates the lists of both versions.</summary>
    /// <param name="ciphers">List for TLS 1.2; null for the default.</param>
    /// <param name="suites">Suites of TLS 1.3; null for the default.</param>
    /// <param name="allowsTls12">Whether TLS 1.2 may be spoken.</param>
    /// <returns>Null when neither is given: the runtime's default, which is OpenSSL's.</returns>
    /// <exception cref="TlsFileException">OpenSSL does not take a list, or there is no OpenSSL.</exception>
    internal static CipherSuitesPolicy? MakePolicy(string? ciphers, string? suites, bool allowsTls12)
    {
        if (ciphers is null && suites is null)
            return null;
        string line = $"Error: Unable to set TLS ciphers. Check cipher list \"{ciphers}\".";
        try
        {
            var result = new List<TlsCipherSuite>();
            Read(ciphers ?? DefaultList, suites, ciphers is null || !allowsTls12 ? null : line, allowsTls12, result);
#pragma warning disable CA1416 // Where OpenSSL is, the runtime's TLS is OpenSSL's.
            return new CipherSuitesPolicy(result);
#pragma warning restore CA1416
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException or PlatformNotSupportedException)
        {
            throw new TlsFileException(line, "Lists of ciphers need OpenSSL 3, which is not there.", exception);
        }
    }

    private static void Read(string ciphers, string? suites, string? line, bool allowsTls12, List<TlsCipherSuite> result)
    {
        nint context = SSL_CTX_new(TLS_method());
        if (context == 0)
            throw new TlsFileException("Error: Unable to create TLS context.");
        try
        {
            if (SSL_CTX_set_cipher_list(context, ciphers) != 1 && line is not null)
                throw new TlsFileException(line);
            if (suites is not null && SSL_CTX_set_ciphersuites(context, suites) != 1)
                throw new TlsFileException($"Error: Unable to set TLS 1.3 ciphersuites. Check cipher_tls13 list \"{suites}\".");
            nint list = SSL_CTX_get_ciphers(context);
            for (int i = 0; i < OPENSSL_sk_num(list); i++)
            {
                var suite = (TlsCipherSuite)SSL_CIPHER_get_protocol_id(OPENSSL_sk_value(list, i));

                // The first byte of a suite of TLS 1.3 is 0x13 (RFC 8446 §B.4).
                if (allowsTls12 || (ushort)suite >> 8 == 0x13)
                    result.Add(suite);
            }
        }
        finally
        {
            SSL_CTX_free(context);
        }
    }

    [LibraryImport(OpenSsl)]
    private static partial nint TLS_method();

    [LibraryImport(OpenSsl)]
    private static partial nint SSL_CTX_new(nint method);

    [LibraryImport(OpenSsl)]
    private static partial void SSL_CTX_free(nint context);

    [LibraryImport(OpenSsl, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SSL_CTX_set_cipher_list(nint context, string list);

    [LibraryImport(OpenSsl, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SSL_CTX_set_ciphersuites(nint context, string list);

    // The stack belongs to the context.
    [LibraryImport(OpenSsl)]
    private static partial nint SSL_CTX_get_ciphers(nint context);

    [LibraryImport(OpenSsl)]
    private static partial ushort SSL_CIPHER_get_protocol_id(nint cipher);

    // Of libcrypto, which libssl loads; a look-up in libssl finds it.
    [LibraryImport(OpenSsl)]
    private static partial int OPENSSL_sk_num(nint stack);

    [LibraryImport(OpenSsl)]
    private static partial nint OPENSSL_sk_value(nint stack, int index);
}
