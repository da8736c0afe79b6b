using System.Net.Security;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Nightjar.Transport.Tls;

/// <summary>Asks the OpenSSL that the runtime's TLS uses for what the runtime has no option for.</summary>
/// <remarks>OpenSSL keeps a buffer of 17 KB in each direction of a connection, used or not, unless it is told otherwise (SSL_MODE_RELEASE_BUFFERS): two
/// thirds of what an idle connection takes. The runtime does not tell it, and hides the connection in a field of its own. Where that is not found
/// as it is known, or OpenSSL is not the one that it is, everything stays as the runtime has it.</remarks>
internal static unsafe partial class RuntimeSsl
{
    // SSL_CTRL_MODE, SSL_MODE_RELEASE_BUFFERS.
    private const int ControlMode = 33;
    private const int ModeReleaseBuffers = 0x10;

    // RTLD_LAZY | RTLD_NOLOAD: the library that is in use already, and no other.
    private const int AlreadyLoaded = 0x1 | 0x4;

    private const int KnownMajorVersion = 3;

    private static readonly FieldInfo? s_context = typeof(SslStream).GetField("_securityContext", BindingFlags.Instance | BindingFlags.NonPublic);

    // Found when the first handshake is over: the runtime has loaded the library by then.
    private static readonly Lazy<nint> s_control = new(FindControl);

    /// <summary>Lets OpenSSL keep no buffer of a connection in which nothing is under way.</summary>
    /// <param name="stream">Its handshake is over, and nobody reads or writes yet.</param>
    /// <returns>False when that is not possible here.</returns>
    internal static bool TryReleaseBuffers(SslStream stream)
    {
        if (s_control.Value == 0 || s_context?.GetValue(stream) is not SafeHandle { IsInvalid: false, IsClosed: false } context)
            return false;
        if (context.GetType().FullName != "Microsoft.Win32.SafeHandles.SafeSslHandle")
            return false;
        var control = (delegate* unmanaged<nint, int, CLong, nint, CLong>)s_control.Value;
        bool added = false;
        try
        {
            context.DangerousAddRef(ref added);
            return (control(context.DangerousGetHandle(), ControlMode, new CLong(ModeReleaseBuffers), 0).Value & ModeReleaseBuffers) != 0;
        }
        finally
        {
            if (added)
                context.DangerousRelease();
        }
    }

    private static nint FindControl()
    {
        if (!OperatingSystem.IsLinux())
            return 0;
        try
        {
            if (SafeEvpPKeyHandle.OpenSslVersion >> 28 != KnownMajorVersion)
                return 0;
            nint library = Open("libssl.so.3", AlreadyLoaded);
            return library != 0 && NativeLibrary.TryGetExport(library, "SSL_ctrl", out nint control) ? control : 0;
        }
        catch (Exception exception) when (exception is EntryPointNotFoundException or DllNotFoundException or PlatformNotSupportedException)
        {
            // An old C library has dlopen elsewhere.
            return 0;
        }
    }

    [LibraryImport("libc", EntryPoint = "dlopen", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Open(string file, int flags);
}
