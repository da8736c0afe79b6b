using System.Text;
using Nightjar.Transport.Files;

namespace Nightjar.Host.Configuration.Parsing;

/// <summary>Secrets that stand in a file of their own: a value <c>file:PATH</c> means the first line of that file.</summary>
internal static class SecretFile
{
    private const string Prefix = "file:";
    private const int MaximumBytes = 65_536;

    /// <summary>Replaces <c>file:PATH</c> by the first line of the file; any other value stays.</summary>
    /// <returns>What is wrong, or null.</returns>
    internal static string? Read(string option, ref string value)
    {
        if (!value.StartsWith(Prefix, StringComparison.Ordinal)) return null;
        var path = value[Prefix.Length..].Trim();
        try
        {
            var line = RegularFile.ReadBeginning(path, MaximumBytes + 1).AsSpan();
            var end = line.IndexOfAny((byte)'\n', (byte)'\r');
            if (end >= 0) line = line[..end];
            if (line.IsEmpty) return $"Error: The first line of file '{path}' for '{option}' is empty.";
            if (line.Length > MaximumBytes) return $"Error: The first line of file '{path}' for '{option}' is longer than {MaximumBytes} bytes.";
            value = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(line);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return $"Error: Unable to read file '{path}' for '{option}': {(exception is DecoderFallbackException ? "it is not UTF-8." : exception.Message)}";
        }
    }
}
