using Microsoft.Extensions.Logging;
using Nightjar.Broker.Diagnostics;

namespace Nightjar.Broker.Connections;

/// <summary>Calls handlers of the embedding application; what they throw is logged and ends nothing, and what they set for their thread, such as an
/// <see cref="AsyncLocal{T}"/> or the culture, is gone behind them: the thread serves other clients next.</summary>
internal static class EventCaller
{
    internal static void Call<T>(ILogger log, Action<T> handler, T args)
    {
        var before = ExecutionContext.Capture();
#pragma warning disable CA1031 // The application's defect must not end a client's connection.
        try
        {
            handler(args);
        }
        catch (Exception exception)
        {
            BrokerLog.HandlerFailed(log, exception);
        }
#pragma warning restore CA1031
        finally
        {
            if (before is not null) ExecutionContext.Restore(before);
        }
    }
}
