using System.Text;
using Nightjar.Client;
using Nightjar.Host.Verbs.Options;
using Nightjar.Host.Verbs.Output;
using Nightjar.Protocol;

namespace Nightjar.Host.Verbs;

/// <summary>Decides which messages are printed, and when it is enough. Called by the receive loop.</summary>
internal sealed class SubscribeReceiver(ToolSession session, Stream stdout)
{
    private readonly MessagePrinter _printer = new(session.Options, stdout, session.Errors, TimeProvider.System);
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[][] _filteredOut = [.. session.Options.FilteredOut.Select(Encoding.UTF8.GetBytes)];
    private int _printed;
    private int _count;

    /// <summary>Completes when the tool has seen enough.</summary>
    internal Task Finished => _finished.Task;

    internal static SubscriptionRequest[] Requests(ToolOptions options) => [.. options.Topics.Select(topic => new SubscriptionRequest(
        Encoding.UTF8.GetBytes(topic), options.QoS, NoLocal: false, options.RetainAsPublished, options.RetainHandling))];

    internal void Finish() => _finished.TrySetResult();

    /// <summary>Messages since the last call.</summary>
    internal int TakeCount() => Interlocked.Exchange(ref _count, 0);

    internal void OnMessage(MqttClient client, scoped in ReceivedMessage message)
    {
        if (message.QoS != QualityOfService.AtMostOnce) client.Acknowledge(message.PacketId);
        if (_finished.Task.IsCompleted) return;
        ToolOptions options = session.Options;
        if (options.RetainedOnly && !message.Retain)
        {
            Finish();
            return;
        }

        foreach (byte[] filter in _filteredOut)
            if (TopicFilter.Matches(filter, message.TopicName)) return;
        if (options.RemoveRetained && message.Retain) client.TryPublish(message.TopicName, default, retain: true);
        if (options.NoRetained && message.Retain) return;
        if (options.RandomFilter < 100 && Random.Shared.NextDouble() * 100 >= options.RandomFilter) return;
        if (options.MessageRate) Interlocked.Increment(ref _count);
        else _printer.Print(message.ToMessage());
        if (options.MessageCount > 0 && ++_printed >= options.MessageCount) Finish();
    }
}
