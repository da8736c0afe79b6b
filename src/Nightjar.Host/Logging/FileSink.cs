using System.Text;

namespace Nightjar.Host.Logging;

/// <summary>A file that lines are appended to. Only its owner may read it, because lines name clients and topics.</summary>
internal sealed class FileSink : ILogSink
{
    private readonly string _path;
    private StreamWriter _writer;

    private FileSink(string path, StreamWriter writer)
    {
        _path = path;
        _writer = writer;
    }

    /// <summary>Opens or makes the file.</summary>
    /// <returns>Null when that is not possible; <paramref name="error"/> then says why, in Mosquitto's words.</returns>
    internal static FileSink? TryOpen(string path, out string? error)
    {
        var writer = Open(path, out error);
        return writer is null ? null : new FileSink(path, writer);
    }

    public bool TryWrite(in LogLine line)
    {
        try
        {
            _writer.WriteLine(line.Text);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public bool TryFlush()
    {
        try
        {
            _writer.Flush();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Goes on in a file of the same path; in the old one when that cannot be opened.</summary>
    public void Reopen()
    {
        if (Open(_path, out _) is not { } fresh) return;
        Close();
        _writer = fresh;
    }

    public void Dispose() => Close();

    private static StreamWriter? Open(string path, out string? error)
    {
        error = null;
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            return new StreamWriter(new FileStream(path, options), new UTF8Encoding(false));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            error = $"Error: Unable to open log file {path} for writing. {exception.Message}";
            return null;
        }
    }

    private void Close()
    {
        try
        {
            _writer.Dispose();
        }
        catch (IOException)
        {
            // What could not be written is lost; there is no other place for it.
        }
    }
}
