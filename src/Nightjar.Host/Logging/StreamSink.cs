namespace Nightjar.Host.Logging;

/// <summary>Standard output or standard error; not closed with the log.</summary>
internal sealed class StreamSink(TextWriter writer) : ILogSink
{
    public bool TryWrite(in LogLine line)
    {
        try
        {
            writer.WriteLine(line.Text);
            return true;
        }
        catch (IOException)
        {
            // The reader of a pipe has gone; the broker goes on without it.
            return false;
        }
    }

    public bool TryFlush()
    {
        try
        {
            writer.Flush();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public void Reopen()
    {
    }

    public void Dispose()
    {
    }
}
