using System.Runtime.InteropServices;

namespace Nightjar.Transport.OpenSsl.Interop;

/// <summary>Where OpenSSL asks for pre-shared keys. Nothing is thrown into native frames: a failure gives no key, and ends the handshake.</summary>
internal static unsafe class PskCallbacks
{
    internal static delegate* unmanaged<nint, byte*, byte*, uint, uint> Server => &FindKey;

    internal static delegate* unmanaged<nint, byte*, byte*, uint, byte*, uint, uint> Client => &GiveKey;

    private static TlsChannel? OwnerOf(nint ssl) => GCHandle.FromIntPtr(LibSsl.GetState(ssl, 0)).Target as TlsChannel;

    [UnmanagedCallersOnly]
    private static uint FindKey(nint ssl, byte* identity, byte* key, uint room)
    {
        try
        {
            ReadOnlySpan<byte> name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(identity);
            return (uint)(OwnerOf(ssl)?.FindKey(name, new Span<byte>(key, (int)room)) ?? 0);
        }
        catch (Exception)
        {
            return 0;
        }
    }

    [UnmanagedCallersOnly]
    private static uint GiveKey(nint ssl, byte* hint, byte* identity, uint identityRoom, byte* key, uint keyRoom)
    {
        try
        {
            return (uint)(OwnerOf(ssl)?.GiveKey(new Span<byte>(identity, (int)identityRoom), new Span<byte>(key, (int)keyRoom)) ?? 0);
        }
        catch (Exception)
        {
            return 0;
        }
    }
}
