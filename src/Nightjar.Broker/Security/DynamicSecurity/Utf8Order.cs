namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>Orders strings as Mosquitto does: by their UTF-8 bytes.</summary>
/// <remarks>UTF-16 sorts likewise but for surrogates, which stand for more than U+FFFF and sort below U+E000.</remarks>
internal sealed class Utf8Order : IComparer<string>
{
    internal static readonly Utf8Order Instance = new();

    private Utf8Order()
    {
    }

    /// <inheritdoc/>
    public int Compare(string? x, string? y)
    {
        if (x is null || y is null) return string.CompareOrdinal(x, y);
        var same = x.AsSpan().CommonPrefixLength(y);
        if (same == x.Length || same == y.Length) return x.Length - y.Length;
        var (left, right) = (x[same], y[same]);
        var (isLeft, isRight) = (char.IsSurrogate(left), char.IsSurrogate(right));
        return isLeft == isRight ? left - right : isLeft ? (right >= '\uE000' ? 1 : left - right) : (left >= '\uE000' ? -1 : left - right);
    }
}
