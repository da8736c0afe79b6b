using System.Runtime.CompilerServices;
using System.Text;
using Nightjar.Host.Verbs.Options;

namespace Nightjar.Host.Verbs;

/// <summary>Reads what pub and rr send.</summary>
internal static class ToolPayload
{
    /// <summary>Largest message of MQTT.</summary>
    private const int MaximumLength = 268_435_455;

    /// <summary>Reads the whole payload; null when it cannot be had, which was said then.</summary>
    internal static async Task<byte[]?> ReadAsync(ToolSession session, Stream stdin, CancellationToken ct)
    {
        ToolOptions options = session.Options;
        switch (options.PayloadSource)
        {
            case PayloadSource.Argument:
                return Encoding.UTF8.GetBytes(options.PayloadArgument!);
            case PayloadSource.StandardInput:
                byte[] input = await ReadAllAsync(stdin, ct).ConfigureAwait(false);
                if (input.Length > 0) return input;
                session.Error("Error: Zero length input.\n");
                session.Error("Error loading input from stdin.\n");
                return null;
            case PayloadSource.File:
                return await ReadFileAsync(session, options.PayloadArgument!, ct).ConfigureAwait(false);
            default:
                return [];
        }
    }

    /// <summary>Splits the input at line feeds; a last line without one counts when it is not empty.</summary>
    internal static async IAsyncEnumerable<byte[]> ReadLinesAsync(Stream stdin, [EnumeratorCancellation] CancellationToken ct)
    {
        byte[] buffer = new byte[4096];
        int length = 0;
        while (true)
        {
            if (length == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
            int read = await stdin.ReadAsync(buffer.AsMemory(length), ct).ConfigureAwait(false);
            if (read == 0) break;
            length += read;
            int start = 0;
            int end;
            while ((end = Array.IndexOf(buffer, (byte)'\n', start, length - start)) >= 0)
            {
                yield return buffer[start..end];
                start = end + 1;
            }

            Buffer.BlockCopy(buffer, start, buffer, 0, length - start);
            length -= start;
        }

        if (length > 0) yield return buffer[..length];
    }

    private static async Task<byte[]> ReadAllAsync(Stream stdin, CancellationToken ct)
    {
        using var memory = new MemoryStream();
        await stdin.CopyToAsync(memory, ct).ConfigureAwait(false);
        return memory.ToArray();
    }

    private static async Task<byte[]?> ReadFileAsync(ToolSession session, string path, CancellationToken ct)
    {
        try
        {
            if (new FileInfo(path).Length <= MaximumLength) return await File.ReadAllBytesAsync(path, ct).ConfigureAwait(false);
            session.Error($"Error: File must be less than {MaximumLength} bytes.\n");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            session.Error($"Error: Unable to open file \"{path}\".\n");
        }

        session.Error($"Error loading input file \"{path}\".\n");
        return null;
    }
}
