using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Nightjar.Transport;

/// <summary>Asks the processor for memory that is needed soon and is not in a near cache, so that the wait for it overlaps with other work.</summary>
public static class Prefetch
{
    private const int LineSize = 64;

    /// <summary>Whether the runtime has an instruction for it here.</summary>
    public static bool IsSupported => Sse.IsSupported;

    /// <summary>Asks for the first lines of an object, and of what was allocated behind it.</summary>
    /// <param name="item">The object; null for nothing.</param>
    /// <param name="lines">Cache lines.</param>
    /// <remarks>Only a hint, so that it does no harm when the collector moves the object meanwhile. Nothing where the runtime has no such instruction.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void FirstLines<T>(T? item, int lines)
        where T : class
    {
        if (!Sse.IsSupported || item is null)
            return;
        byte* address = (byte*)Unsafe.As<T?, nint>(ref item);
        for (int line = 0; line < lines; line++)
            Sse.Prefetch0(address + (line * LineSize));
    }
}
