using System.Runtime.InteropServices;

namespace Nightjar.Transport.OpenSsl.Interop;

/// <summary>Functions and numbers of libssl, by OpenSSL's names in the attributes and comments.</summary>
internal static unsafe partial class LibSsl
{
    // SSL_CTRL_MODE, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_CTRL_SET_DH_AUTO, SSL_CTRL_SET_MIN_PROTO_VERSION, SSL_CTRL_SET_MAX_PROTO_VERSION
    internal const int ControlMode = 33;
    internal const int ControlSessionCache = 44;
    internal const int ControlAutomaticDh = 118;
    internal const int ControlMinimumVersion = 123;
    internal const int ControlMaximumVersion = 124;

    // TLS1_2_VERSION
    internal const int Tls12 = 0x0303;

    // SSL_MODE_ENABLE_PARTIAL_WRITE, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER, SSL_MODE_RELEASE_BUFFERS
    internal const int ModePartialWrite = 0x1;
    internal const int ModeMovingBuffer = 0x2;
    internal const int ModeReleaseBuffers = 0x10;

    // SSL_OP_NO_TICKET, SSL_OP_NO_COMPRESSION, SSL_OP_CIPHER_SERVER_PREFERENCE, SSL_OP_NO_RENEGOTIATION
    internal const ulong OptionNoTicket = 1UL << 14;
    internal const ulong OptionNoCompression = 1UL << 17;
    internal const ulong OptionServerPreference = 1UL << 22;
    internal const ulong OptionNoRenegotiation = 1UL << 30;

    // SSL_ERROR_WANT_READ, SSL_ERROR_ZERO_RETURN
    internal const int ErrorWantRead = 2;
    internal const int ErrorZeroReturn = 6;

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "TLS_server_method")]
    internal static partial nint ServerMethod();

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "TLS_client_method")]
    internal static partial nint ClientMethod();

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_new")]
    internal static partial nint NewContext(nint method);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_free")]
    internal static partial void FreeContext(nint context);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_up_ref")]
    internal static partial int ShareContext(SslContextHandle context);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_ctrl")]
    internal static partial CLong ControlContext(SslContextHandle context, int command, CLong argument, nint pointer);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_set_options")]
    internal static partial ulong SetOptions(SslContextHandle context, ulong options);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_set_cipher_list", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int SetCipherList(SslContextHandle context, string ciphers);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_get_ciphers")]
    internal static partial nint GetCiphers(SslContextHandle context);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_use_psk_identity_hint", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int UseIdentityHint(SslContextHandle context, string hint);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_set_psk_server_callback")]
    internal static partial void SetServerCallback(SslContextHandle context, delegate* unmanaged<nint, byte*, byte*, uint, uint> callback);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CTX_set_psk_client_callback")]
    internal static partial void SetClientCallback(
        SslContextHandle context, delegate* unmanaged<nint, byte*, byte*, uint, byte*, uint, uint> callback);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_new")]
    internal static partial nint NewSsl(SslContextHandle context);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_free")]
    internal static partial void FreeSsl(nint ssl);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_set_bio")]
    internal static partial void SetBio(SslHandle ssl, nint reading, nint writing);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_set_ex_data")]
    internal static partial int SetState(SslHandle ssl, int index, nint state);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_get_ex_data")]
    internal static partial nint GetState(nint ssl, int index);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_set_accept_state")]
    internal static partial void SetAcceptState(SslHandle ssl);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_set_connect_state")]
    internal static partial void SetConnectState(SslHandle ssl);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_do_handshake")]
    internal static partial int DoHandshake(SslHandle ssl);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_read")]
    internal static partial int Read(SslHandle ssl, byte* buffer, int length);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_write")]
    internal static partial int Write(SslHandle ssl, byte* buffer, int length);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_shutdown")]
    internal static partial int Shutdown(SslHandle ssl);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_get_error")]
    internal static partial int GetError(SslHandle ssl, int result);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_get_version")]
    internal static partial byte* GetVersion(SslHandle ssl);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_get_current_cipher")]
    internal static partial nint GetCipher(SslHandle ssl);

    [LibraryImport(OpenSslLibrary.Ssl, EntryPoint = "SSL_CIPHER_get_name")]
    internal static partial byte* GetCipherName(nint cipher);
}
