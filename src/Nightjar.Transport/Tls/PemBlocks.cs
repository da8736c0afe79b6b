using System.Security.Cryptography;

namespace Nightjar.Transport.Tls;

/// <summary>What stands between BEGIN and END.</summary>
internal static class PemBlocks
{
    /// <summary>Decodes every block with a label.</summary>
    /// <exception cref="TlsFileException">A block is damaged.</exception>
    internal static List<byte[]> Read(string text, string label, string line)
    {
        var blocks = new List<byte[]>();
        ReadOnlySpan<char> rest = text;
        while (PemEncoding.TryFind(rest, out PemFields fields))
        {
            if (rest[fields.Label].SequenceEqual(label))
            {
                byte[] block = new byte[fields.DecodedDataLength];
                if (!Convert.TryFromBase64Chars(rest[fields.Base64Data], block, out _))
                    throw new TlsFileException(line, "A block in it is damaged.");
                blocks.Add(block);
            }
            rest = rest[fields.Location.End..];
        }
        return rest.Contains($"BEGIN {label}", StringComparison.Ordinal) ? throw new TlsFileException(line, "A block in it is damaged.") : blocks;
    }
}
