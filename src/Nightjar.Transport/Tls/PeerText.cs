namespace Nightjar.Transport.Tls;

/// <summary>Text that a peer had a hand in, for a line of a log.</summary>
internal static class PeerText
{
    private const int MaximumLength = 300;

    /// <summary>Replaces what could break a line, and cuts what is long.</summary>
    internal static string Clean(string text)
    {
        if (text.Length <= MaximumLength && !text.AsSpan().ContainsAnyInRange('\0', '\x1f') && !text.AsSpan().ContainsAnyInRange('\x7f', '\x9f'))
            return text;
        return string.Create(Math.Min(text.Length, MaximumLength), text, static (target, source) =>
        {
            for (int i = 0; i < target.Length; i++)
                target[i] = char.IsControl(source[i]) ? '?' : source[i];
        });
    }
}
