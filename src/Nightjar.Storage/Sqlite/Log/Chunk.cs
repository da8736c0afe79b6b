using System.Runtime.InteropServices;

namespace Nightjar.Storage.Sqlite.Log;

/// <summary>A block of native memory that holds records one after the other. Native, so that SQLite binds blobs where they lie.</summary>
internal sealed unsafe class Chunk
{
    internal byte* Memory { get; private set; }

    internal int Capacity { get; private set; }

    /// <summary>Bytes filled.</summary>
    internal int Used { get; set; }

    internal Chunk? Next { get; set; }

    internal void Allocate(int capacity)
    {
        Memory = (byte*)NativeMemory.Alloc((nuint)capacity);
        Capacity = capacity;
    }

    internal void Free()
    {
        NativeMemory.Free(Memory);
        Memory = null;
        Capacity = 0;
    }
}
