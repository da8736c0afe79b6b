using System.Text;

namespace Nightjar.Transport.OpenSsl;

/// <summary>What a peer sent, made fit for a line of the log.</summary>
internal static class PrintableText
{
    /// <summary>ASCII as it is, without control characters and quotes; every other byte as <c>\xNN</c>. Ends after 64 bytes.</summary>
    internal static string Of(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        foreach (byte b in bytes[..Math.Min(bytes.Length, 64)])
        {
            if (b is >= 0x20 and < 0x7f and not (byte)'"' and not (byte)'\\')
                text.Append((char)b);
            else
                text.Append("\\x").Append(b.ToString("x2", System.Globalization.CultureInfo.InvariantCulture));
        }
        return bytes.Length > 64 ? text.Append("...").ToString() : text.ToString();
    }
}
