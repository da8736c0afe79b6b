using System.Runtime.InteropServices;

namespace Nightjar.Transport.OpenSsl.Interop;

/// <summary>Functions of libcrypto, by OpenSSL's names in the attributes.</summary>
internal static unsafe partial class LibCrypto
{
    // C's long has 32 bits on Windows and 64 elsewhere; CULong follows.
    internal static ulong VersionNumber() => OpenSslVersionNumber().Value;

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "OpenSSL_version_num")]
    private static partial CULong OpenSslVersionNumber();

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "ERR_clear_error")]
    internal static partial void ClearErrors();

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "ERR_get_error")]
    internal static partial CULong TakeError();

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "ERR_error_string_n")]
    internal static partial void ErrorText(CULong error, byte* buffer, nuint length);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "BIO_meth_new")]
    internal static partial nint NewBioMethod(int type, byte* name);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "BIO_meth_set_read")]
    internal static partial int SetBioRead(nint method, delegate* unmanaged<nint, byte*, int, int> read);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "BIO_meth_set_write")]
    internal static partial int SetBioWrite(nint method, delegate* unmanaged<nint, byte*, int, int> write);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "BIO_meth_set_ctrl")]
    internal static partial int SetBioControl(nint method, delegate* unmanaged<nint, int, CLong, nint, CLong> control);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "BIO_new")]
    internal static partial nint NewBio(nint method);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "BIO_set_init")]
    internal static partial void SetBioInit(nint bio, int init);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "BIO_set_data")]
    internal static partial void SetBioState(nint bio, nint state);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "BIO_get_data")]
    internal static partial nint GetBioState(nint bio);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "BIO_set_flags")]
    internal static partial void SetBioFlags(nint bio, int flags);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "BIO_clear_flags")]
    internal static partial void ClearBioFlags(nint bio, int flags);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "OPENSSL_sk_num")]
    internal static partial int StackCount(nint stack);

    [LibraryImport(OpenSslLibrary.Crypto, EntryPoint = "OPENSSL_sk_value")]
    internal static partial nint StackItem(nint stack, int index);
}
