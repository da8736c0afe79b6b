using Xunit;

namespace Nightjar.Transport.Tests;

/// <summary>Bytes that several hold; once all have given them back they are overwritten, so that who still sends them is found out.</summary>
internal sealed class CountingOwner(byte[] bytes) : IByteOwner
{
    private int _references;

    /// <summary>References that are out.</summary>
    internal int References => Volatile.Read(ref _references);

    /// <summary>Writes some of the bytes.</summary>
    internal void AppendTo(OutputPipeWriter output, int start, int count)
    {
        Interlocked.Increment(ref _references);
        output.Append(bytes, start, count, this);
    }

    /// <inheritdoc/>
    public void Release()
    {
        int left = Interlocked.Decrement(ref _references);
        Assert.True(left >= 0, "A reference was given back twice.");
    }

    /// <summary>Fails while a reference is out, and overwrites the bytes.</summary>
    internal void End()
    {
        Assert.Equal(0, References);
        Array.Clear(bytes);
    }
}
