using System.Runtime.InteropServices;

namespace Nightjar.Storage.Sqlite.Log;

/// <summary>A counter with a cache line of its own on either side.</summary>
[StructLayout(LayoutKind.Explicit, Size = 192)]
internal struct PaddedLong
{
    [FieldOffset(64)]
    internal long Value;
}
