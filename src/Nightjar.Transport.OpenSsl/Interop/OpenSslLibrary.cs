using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Nightjar.Transport.OpenSsl.Interop;

/// <summary>The machine's OpenSSL 3, loaded when the first context is made: an installation that uses no pre-shared keys needs none.</summary>
internal static class OpenSslLibrary
{
    /// <summary>What the imports call the protocol library.</summary>
    internal const string Ssl = "nightjar-ssl";

    /// <summary>What the imports call the library of algorithms.</summary>
    internal const string Crypto = "nightjar-crypto";

    private const uint Version3 = 0x30000000;

    private static readonly Lazy<Libraries> s_libraries = new(Load);

    /// <summary>Makes the imports callable.</summary>
    /// <exception cref="PlatformNotSupportedException">There is no OpenSSL 3; the message names the packages that have it.</exception>
    internal static void Require()
    {
        if (s_libraries.Value.Error is { } error)
            throw new PlatformNotSupportedException(error);
    }

    /// <summary>What to tell a user whose machine lacks a library.</summary>
    internal static string Missing(string file) =>
        $"TLS-PSK needs OpenSSL 3, and {file} cannot be loaded. Install it: libssl3 (Debian, Ubuntu, Alpine; libssl3t64 on Ubuntu 24.04 and later) or openssl-libs (Fedora, RHEL).";

    private static Libraries Load()
    {
        (string ssl, string crypto) = FileNames();
        if (!NativeLibrary.TryLoad(crypto, out nint cryptoHandle))
            return new Libraries(0, 0, Missing(crypto));
        if (!NativeLibrary.TryLoad(ssl, out nint sslHandle))
            return new Libraries(0, 0, Missing(ssl));
        NativeLibrary.SetDllImportResolver(
            typeof(OpenSslLibrary).Assembly,
            (name, _, _) => name == Ssl ? sslHandle : name == Crypto ? cryptoHandle : 0);
        ulong version = LibCrypto.VersionNumber();
        return version >= Version3
            ? new Libraries(sslHandle, cryptoHandle, null)
            : new Libraries(0, 0, Missing(ssl) + string.Create(CultureInfo.InvariantCulture, $" Found version 0x{version:x8}."));
    }

    private static (string Ssl, string Crypto) FileNames()
    {
        if (OperatingSystem.IsWindows())
        {
            string suffix = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "-3-arm64.dll" : "-3-x64.dll";
            return ("libssl" + suffix, "libcrypto" + suffix);
        }
        return OperatingSystem.IsMacOS() ? ("libssl.3.dylib", "libcrypto.3.dylib") : ("libssl.so.3", "libcrypto.so.3");
    }

    private sealed record Libraries(nint Ssl, nint Crypto, string? Error);
}
