using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Logging;

/// <summary>Publishes lines below $SYS/broker/log. Debug lines never go there: publishing makes some.</summary>
/// <param name="publish">Publishes a text with QoS 2 and an expiry of 20 seconds.</param>
internal sealed class TopicSink(Action<string, string> publish) : ILogSink
{
    /// <summary>Whether the current thread is publishing a line: what it logs meanwhile may not be published, or it would go on for ever.</summary>
    [ThreadStatic]
    private static bool s_isPublishing;

    internal static bool IsPublishing => s_isPublishing;

    public bool TryWrite(in LogLine line)
    {
        if (!line.MayBePublished || Topic(line.Type) is not { } topic) return true;
        s_isPublishing = true;
        try
        {
            publish(topic, line.Text);
            return true;
        }
        catch (InvalidOperationException)
        {
            // The broker is not running yet, or not any more (ObjectDisposedException is one of these).
            return false;
        }
        finally
        {
            s_isPublishing = false;
        }
    }

    public bool TryFlush() => true;

    public void Reopen()
    {
    }

    public void Dispose()
    {
    }

    private static string? Topic(LogTypes type) => type switch
    {
        LogTypes.Error => "$SYS/broker/log/E",
        LogTypes.Warning => "$SYS/broker/log/W",
        LogTypes.Notice => "$SYS/broker/log/N",
        LogTypes.Information => "$SYS/broker/log/I",
        LogTypes.WebSockets => "$SYS/broker/log/WS",
        LogTypes.Subscribe => "$SYS/broker/log/M/subscribe",
        LogTypes.Unsubscribe => "$SYS/broker/log/M/unsubscribe",
        _ => null,
    };
}
