namespace Nightjar.Transport;

/// <summary>Bytes that several hold at once, each a reference of his own: they do not change until the last is given back.</summary>
public interface IByteOwner
{
    /// <summary>Gives one reference back. Any thread.</summary>
    void Release();
}
