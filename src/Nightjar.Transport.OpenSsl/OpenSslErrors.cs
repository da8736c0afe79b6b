using System.Runtime.InteropServices;
using System.Text;
using Nightjar.Transport.OpenSsl.Interop;

namespace Nightjar.Transport.OpenSsl;

/// <summary>The errors that OpenSSL keeps for each thread.</summary>
internal static unsafe class OpenSslErrors
{
    private const int MaximumErrors = 8;

    /// <summary>Takes this thread's errors, the earliest first, as OpenSSL writes them.</summary>
    /// <returns>Errors separated by semicolons; a sentence when there are none, as when the peer takes no answers.</returns>
    internal static string Take()
    {
        var text = new StringBuilder();
        byte* buffer = stackalloc byte[256];
        for (int i = 0; i < MaximumErrors && LibCrypto.TakeError() is { Value: not 0 } error; i++)
        {
            LibCrypto.ErrorText(error, buffer, 256);
            text.Append(i == 0 ? "" : "; ").Append(Marshal.PtrToStringUTF8((nint)buffer));
        }
        LibCrypto.ClearErrors();
        return text.Length == 0 ? "OpenSSL gave up without saying why." : text.ToString();
    }
}
