using System.Runtime.InteropServices;
using System.Text;
using Nightjar.Transport.OpenSsl.Interop;
using Nightjar.Transport.OpenSsl.Keys;

namespace Nightjar.Transport.OpenSsl;

/// <summary>Makes OpenSSL's contexts: TLS 1.2 only, no compression, renegotiation or resumption.</summary>
/// <remarks>Keys of this kind belong to TLS 1.2 and below; Mosquitto turns 1.3 off for them too. Nothing is resumed, because a resumed session
/// asks for no key: it would outlive the removal of the identity.</remarks>
internal static unsafe class PskContextFactory
{
    // What Mosquitto's default leaves of the suites with pre-shared keys, and before it one with ephemeral keys, authenticated encryption and a
    // cheap key exchange. (DEFAULT itself means something at the head of a list only.)
    private const string DefaultCiphers =
        "ECDHE-PSK-CHACHA20-POLY1305:kDHEPSK:kECDHEPSK:kPSK:!COMPLEMENTOFDEFAULT:!eNULL:!LOW:!EXPORT:@STRENGTH";

    internal static SslContextHandle CreateServer(PskServerOptions options)
    {
        if (options.Hint is { } hint && (Encoding.UTF8.GetByteCount(hint) > PskFile.MaximumIdentityLength || hint.Contains('\0', StringComparison.Ordinal)))
            throw new ArgumentException($"psk_hint must have at most {PskFile.MaximumIdentityLength} bytes and no zero among them.", nameof(options));
        SslContextHandle context = Create(isServer: true, options.Ciphers);
        LibSsl.SetServerCallback(context, PskCallbacks.Server);
        if (options.Hint is { Length: > 0 } && LibSsl.UseIdentityHint(context, options.Hint) != 1)
            throw Fail(context, "psk_hint cannot be used.");
        return context;
    }

    internal static SslContextHandle CreateClient(PskClientOptions options)
    {
        int length = Encoding.UTF8.GetByteCount(options.Identity);
        if (length is 0 or > PskClientOptions.MaximumIdentityLength || options.Identity.Contains('\0', StringComparison.Ordinal))
            throw new ArgumentException($"The PSK identity must have 1 to {PskClientOptions.MaximumIdentityLength} bytes and no zero among them.", nameof(options));
        SslContextHandle context = Create(isServer: false, options.Ciphers);
        LibSsl.SetClientCallback(context, PskCallbacks.Client);
        return context;
    }

    private static SslContextHandle Create(bool isServer, string? ciphers)
    {
        OpenSslLibrary.Require();
        LibCrypto.ClearErrors();
        var context = new SslContextHandle(LibSsl.NewContext(isServer ? LibSsl.ServerMethod() : LibSsl.ClientMethod()));
        if (context.IsInvalid)
            throw Fail(context, "OpenSSL cannot make a context.");
        bool isSet = Control(context, LibSsl.ControlMinimumVersion, LibSsl.Tls12) && Control(context, LibSsl.ControlMaximumVersion, LibSsl.Tls12)
            && Control(context, LibSsl.ControlAutomaticDh, 1);
        if (!isSet)
            throw Fail(context, "OpenSSL of this machine does not do TLS 1.2.");
        _ = LibSsl.ControlContext(context, LibSsl.ControlMode, new CLong(LibSsl.ModePartialWrite | LibSsl.ModeMovingBuffer | LibSsl.ModeReleaseBuffers), 0);
        _ = LibSsl.ControlContext(context, LibSsl.ControlSessionCache, new CLong(0), 0);
        _ = LibSsl.SetOptions(
            context, LibSsl.OptionNoTicket | LibSsl.OptionNoCompression | LibSsl.OptionServerPreference | LibSsl.OptionNoRenegotiation);
        if (LibSsl.SetCipherList(context, ciphers ?? DefaultCiphers) != 1)
            throw Fail(context, $"Unable to set TLS ciphers. Check cipher list \"{ciphers}\".");
        if (!HasUsableCipher(context))
            throw Fail(context, $"Cipher list \"{ciphers}\" has no suite for pre-shared keys, such as ECDHE-PSK-CHACHA20-POLY1305 or PSK-AES128-GCM-SHA256.");
        return context;
    }

    private static bool Control(SslContextHandle context, int command, int argument) =>
        LibSsl.ControlContext(context, command, new CLong(argument), 0).Value == 1;

    // RSA-PSK needs a certificate besides.
    private static bool HasUsableCipher(SslContextHandle context)
    {
        nint ciphers = LibSsl.GetCiphers(context);
        for (int i = LibCrypto.StackCount(ciphers) - 1; i >= 0; i--)
        {
            string name = Marshal.PtrToStringUTF8((nint)LibSsl.GetCipherName(LibCrypto.StackItem(ciphers, i))) ?? "";
            if (name.Contains("PSK", StringComparison.Ordinal) && !name.StartsWith("RSA-PSK", StringComparison.Ordinal))
                return true;
        }
        return false;
    }

    private static ArgumentException Fail(SslContextHandle context, string message)
    {
        context.Dispose();
        return new ArgumentException($"{message} ({OpenSslErrors.Take()})");
    }
}
