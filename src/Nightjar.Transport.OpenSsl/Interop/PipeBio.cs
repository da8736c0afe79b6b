using System.Runtime.InteropServices;

namespace Nightjar.Transport.OpenSsl.Interop;

/// <summary>A kind of BIO by which OpenSSL reads from what a channel has received and writes straight into its output.</summary>
/// <remarks>A memory BIO would copy every byte once more and keep, for each idle connection, the largest buffer it ever needed.</remarks>
internal static unsafe class PipeBio
{
    // BIO_TYPE_SOURCE_SINK with a number of our own, above those OpenSSL gives out at the start of its range.
    private const int Type = 0x0400 | 0x7d;

    // BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY, and all the retry flags.
    private const int RetryRead = 0x01 | 0x08;
    private const int RetryFlags = 0x0f;

    // BIO_CTRL_FLUSH
    private const int ControlFlush = 11;

    private static readonly nint s_method = CreateMethod();

    /// <summary>Makes a BIO for the channel behind a GCHandle.</summary>
    /// <returns>0 when memory runs out.</returns>
    internal static nint Create(nint owner)
    {
        nint bio = s_method == 0 ? 0 : LibCrypto.NewBio(s_method);
        if (bio == 0)
            return 0;
        LibCrypto.SetBioState(bio, owner);
        LibCrypto.SetBioInit(bio, 1);
        return bio;
    }

    // Lives as long as the process.
    private static nint CreateMethod()
    {
        nint method;
        fixed (byte* name = "nightjar pipes\0"u8)
            method = LibCrypto.NewBioMethod(Type, name);
        if (method == 0)
            return 0;
        _ = LibCrypto.SetBioRead(method, &Read);
        _ = LibCrypto.SetBioWrite(method, &Write);
        _ = LibCrypto.SetBioControl(method, &Control);
        return method;
    }

    private static TlsChannel? OwnerOf(nint bio) => GCHandle.FromIntPtr(LibCrypto.GetBioState(bio)).Target as TlsChannel;

    [UnmanagedCallersOnly]
    private static int Read(nint bio, byte* buffer, int length)
    {
        try
        {
            LibCrypto.ClearBioFlags(bio, RetryFlags);
            int count = OwnerOf(bio)?.TakeInput(new Span<byte>(buffer, length)) ?? 0;
            if (count > 0)
                return count;
            LibCrypto.SetBioFlags(bio, RetryRead);
            return -1;
        }
        catch (Exception)
        {
            return -1;
        }
    }

    [UnmanagedCallersOnly]
    private static int Write(nint bio, byte* buffer, int length)
    {
        try
        {
            LibCrypto.ClearBioFlags(bio, RetryFlags);
            return OwnerOf(bio)?.PutOutput(new ReadOnlySpan<byte>(buffer, length)) == true ? length : -1;
        }
        catch (Exception)
        {
            return -1;
        }
    }

    [UnmanagedCallersOnly]
    private static CLong Control(nint bio, int command, CLong number, nint pointer) => new(command == ControlFlush ? 1 : 0);
}
