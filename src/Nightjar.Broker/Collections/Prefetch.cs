using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Nightjar.Broker.Collections;

/// <summary>Asks the processor for memory that is needed soon and that another core wrote last, so that the wait for it overlaps with other work.</summary>
internal static class Prefetch
{
    private const int LineSize = 64;

    /// <summary>Asks for the first lines of an object, and of what was allocated behind it.</summary>
    /// <param name="item">The object; null for nothing.</param>
    /// <param name="lines">Cache lines.</param>
    /// <remarks>Only a hint, so that it does no harm when the collector moves the object meanwhile. Nothing where the runtime has no such instruction.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static unsafe void Object(object? item, int lines)
    {
        if (!Sse.IsSupported) return;
        var address = (byte*)Unsafe.As<object?, nint>(ref item);
        for (var line = 0; line < lines; line++) Sse.Prefetch0(address + (line * LineSize));
    }
}
