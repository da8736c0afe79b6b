using System.Text;
using Nightjar.Client;
using Nightjar.Host.Verbs.Options;
using Nightjar.Host.Verbs.Output;
using Nightjar.Protocol;

namespace Nightjar.Host.Verbs;

/// <summary>nightjar rr: publishes a request and prints the first response, as mosquitto_rr does.</summary>
internal static class RrVerb
{
    private const int TimedOut = 27;

    /// <summary>Runs the verb.</summary>
    /// <returns>0; the code of the CONNACK when the server refuses the connection; 27 after -W; 1 for every other error.</returns>
    public static Task<int> RunAsync(string[] args, Stream stdin, Stream stdout, TextWriter stderr, CancellationToken ct) =>
        ToolVerb.RunAsync(ToolKind.Rr, args, stdout, stderr, options => RunAsync(options, stdin, stdout, stderr, ct));

    private static async Task<int> RunAsync(ToolOptions options, Stream stdin, Stream stdout, TextWriter stderr, CancellationToken ct)
    {
        await using var session = new ToolSession(options, stdout, stderr);
        byte[]? payload = await ToolPayload.ReadAsync(session, stdin, ct).ConfigureAwait(false);
        if (payload is null) return 1;
        var printer = new MessagePrinter(options, stdout, stderr, TimeProvider.System);
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        session.Client.MessageReceived = (MqttClient client, scoped in ReceivedMessage message) =>
        {
            if (message.QoS != QualityOfService.AtMostOnce) client.Acknowledge(message.PacketId);
            if (answered.Task.IsCompleted || (options.NoRetained && message.Retain)) return;
            printer.Print(message.ToMessage());
            answered.TrySetResult();
        };
        int code = await session.ConnectAsync(ct).ConfigureAwait(false);
        if (code != 0) return code;
        Task timeout = options.TimeoutSeconds > 0 ? Task.Delay(TimeSpan.FromSeconds(options.TimeoutSeconds), CancellationToken.None) : Task.Delay(Timeout.Infinite, ct);
        Task ended = session.Client.Disconnection;
        if (!await RequestAsync(session, payload, ct).ConfigureAwait(false)) return 1;
        await Task.WhenAny(answered.Task, timeout, ended).ConfigureAwait(false);
        if (answered.Task.IsCompleted)
        {
            await session.DisconnectAsync().ConfigureAwait(false);
            return 0;
        }

        if (timeout.IsCompletedSuccessfully) session.Error("Timed out\n");
        else if (ended.IsCompleted) session.Error("Error: The connection was lost.\n");
        await session.DisconnectAsync().ConfigureAwait(false);
        return timeout.IsCompletedSuccessfully ? TimedOut : ended.IsCompleted ? 1 : 0;
    }

    /// <summary>Subscribes to the response topic, then sends the request.</summary>
    private static async Task<bool> RequestAsync(ToolSession session, byte[] payload, CancellationToken ct)
    {
        ToolOptions options = session.Options;
        SubscriptionRequest[] requests = [new(Encoding.UTF8.GetBytes(options.ResponseTopic!), options.QoS)];
        SubscribeResult subscribed = await session.Client.SubscribeAsync(requests, 0, options.Properties.Subscribe.Encoded, ct).ConfigureAwait(false);
        if (!subscribed.IsSuccess)
        {
            session.Error("All subscription requests were denied.\n");
            return false;
        }

        MqttPublish request = options.Properties.Publish.Apply(MqttPublish.Create(options.Topics[0], payload, options.QoS, options.Retain));
        byte[] responseTopic = new PropertyBlockBuilder().ResponseTopic(options.ResponseTopic!).ToArray();
        if (options.Version == ProtocolVersion.Mqtt50) request = request with { Properties = (byte[])[.. request.Properties.Span, .. responseTopic] };
        PublishResult result = await session.Client.PublishAsync(request, ct).ConfigureAwait(false);
        if (!result.IsSuccess) session.Error($"Warning: Publish 1 failed: {ToolErrors.Describe(result.ReasonCode)}.\n");
        return result.Outcome is not (PublishOutcome.ConnectionLost or PublishOutcome.NotConnected);
    }
}
