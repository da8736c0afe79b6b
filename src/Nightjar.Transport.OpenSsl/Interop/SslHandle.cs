using System.Runtime.InteropServices;

namespace Nightjar.Transport.OpenSsl.Interop;

/// <summary>An SSL with its BIO and the reference by which callbacks find the channel that owns it.</summary>
internal sealed class SslHandle : SafeHandle
{
    private static int s_live;

    // Weak, so that a channel nobody disposed of can be collected, and this handle with it. While a native call runs, its caller keeps the
    // channel alive.
    private GCHandle _owner;

    internal SslHandle(nint ssl, object owner)
        : base(0, ownsHandle: true)
    {
        SetHandle(ssl);
        if (ssl == 0)
            return;
        _owner = GCHandle.Alloc(owner, GCHandleType.Weak);
        Interlocked.Increment(ref s_live);
    }

    /// <summary>Objects not yet let go of, in the whole process.</summary>
    internal static int Live => Volatile.Read(ref s_live);

    public override bool IsInvalid => handle == 0;

    /// <summary>What native callbacks are given.</summary>
    internal nint Owner => GCHandle.ToIntPtr(_owner);

    protected override bool ReleaseHandle()
    {
        LibSsl.FreeSsl(handle);
        _owner.Free();
        Interlocked.Decrement(ref s_live);
        return true;
    }
}
