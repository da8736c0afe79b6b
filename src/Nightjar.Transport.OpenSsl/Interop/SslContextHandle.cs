using System.Runtime.InteropServices;

namespace Nightjar.Transport.OpenSsl.Interop;

/// <summary>An SSL_CTX. OpenSSL counts references itself: connections go on after it was let go of.</summary>
internal sealed class SslContextHandle : SafeHandle
{
    private static int s_live;

    internal SslContextHandle(nint context)
        : base(0, ownsHandle: true)
    {
        SetHandle(context);
        if (context != 0)
            Interlocked.Increment(ref s_live);
    }

    /// <summary>Contexts not yet let go of, in the whole process.</summary>
    internal static int Live => Volatile.Read(ref s_live);

    public override bool IsInvalid => handle == 0;

    /// <summary>Makes a handle of its own to the same context, which goes on when this one is let go of.</summary>
    /// <returns>An invalid handle when this one was let go of already.</returns>
    internal SslContextHandle Share()
    {
        try
        {
            return new SslContextHandle(LibSsl.ShareContext(this) == 1 ? handle : 0);
        }
        catch (ObjectDisposedException)
        {
            return new SslContextHandle(0);
        }
    }

    protected override bool ReleaseHandle()
    {
        LibSsl.FreeContext(handle);
        Interlocked.Decrement(ref s_live);
        return true;
    }
}
