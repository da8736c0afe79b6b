namespace Nightjar.Protocol;

/// <summary>What reading from a stream that may not be complete yet came to.</summary>
public enum ReadStatus : byte
{
    /// <summary>One whole item was read.</summary>
    Complete,

    /// <summary>Nothing is wrong so far; more bytes are needed.</summary>
    NeedMoreData,

    /// <summary>No continuation can make this valid.</summary>
    Invalid,
}
