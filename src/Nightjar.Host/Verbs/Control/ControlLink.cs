using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nightjar.Client;
using Nightjar.Protocol;

namespace Nightjar.Host.Verbs.Control;

/// <summary>A connection to a broker's control modules: one request at a time, and the response that belongs to it.</summary>
internal sealed class ControlLink : IAsyncDisposable
{
    // As mosquitto_ctrl, which gives up without a word.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private static readonly JsonSerializerOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ToolSession _session;
    private readonly TimeProvider _time;
    private readonly HashSet<string> _subscribed = new(StringComparer.Ordinal);
    private readonly string _name = Guid.NewGuid().ToString("N");
    private int _number;

    // Written by the caller before the request goes out, read by the connection's thread.
    private volatile Expectation? _expected;

    /// <summary>Makes it; nothing is connected yet.</summary>
    /// <param name="session">Belongs to the link from now on.</param>
    /// <param name="time">Measures the patience.</param>
    internal ControlLink(ToolSession session, TimeProvider time)
    {
        _session = session;
        _time = time;
        session.Client.MessageReceived = OnMessage;
    }

    /// <summary>Whether there is a connection.</summary>
    internal bool IsConnected => _session.Client.IsConnected;

    /// <summary>Whether the broker answered the last attempt to connect with a refusal.</summary>
    internal bool IsRefused => _session.Client.Connection is { HasConnAck: true, IsAccepted: false };

    public ValueTask DisposeAsync() => _session.DisposeAsync();

    /// <summary>Connects, anew too; on failure says why.</summary>
    /// <returns>0, or the exit code.</returns>
    internal Task<int> ConnectAsync(CancellationToken ct)
    {
        _subscribed.Clear();
        return _session.ConnectAsync(ct);
    }

    /// <summary>Says good-bye.</summary>
    internal Task DisconnectAsync() => _session.DisconnectAsync();

    /// <summary>Sends one command and waits for its response.</summary>
    /// <param name="module">Whom to ask.</param>
    /// <param name="command">The command; gets its correlation data here.</param>
    /// <param name="ct">Gives up.</param>
    internal async Task<ControlReply> RequestAsync(ControlModule module, JsonObject command, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Task timeout = Task.Delay(s_patience, _time, patience.Token);
        Task ended = _session.Client.Disconnection;
        try
        {
            if (!_subscribed.Contains(module.ResponseTopic) && await SubscribeAsync(module, timeout).ConfigureAwait(false) is { } refused) return refused;
            string correlation = string.Create(CultureInfo.InvariantCulture, $"{_name}-{++_number}");
            command["correlationData"] = correlation;
            var expected = new Expectation(module.ResponseTopic, correlation);
            _expected = expected;
            Task<PublishResult> publish = PublishAsync(module, command, ct);
            // The answer may be there before the acknowledgement is, which only matters when it is a refusal.
            await Task.WhenAny(publish, expected.Reply.Task, timeout, ended).ConfigureAwait(false);
            if (!expected.Reply.Task.IsCompleted && publish.IsCompletedSuccessfully && Refusal(publish.Result) is { } failure) return failure;
            await Task.WhenAny(expected.Reply.Task, timeout, ended).ConfigureAwait(false);
            if (expected.Reply.Task.IsCompletedSuccessfully) return await expected.Reply.Task.ConfigureAwait(false);
            return new ControlReply(timeout.IsCompletedSuccessfully ? ControlOutcome.TimedOut : ControlOutcome.ConnectionLost);
        }
        finally
        {
            _expected = null;
            await patience.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task<ControlReply?> SubscribeAsync(ControlModule module, Task timeout)
    {
        SubscriptionRequest[] requests = [new(Encoding.UTF8.GetBytes(module.ResponseTopic), _session.Options.QoS)];
        Task<SubscribeResult> subscribe = _session.Client.SubscribeAsync(requests, 0, default, CancellationToken.None);
        await Task.WhenAny(subscribe, timeout).ConfigureAwait(false);
        if (!subscribe.IsCompleted) return new ControlReply(ControlOutcome.TimedOut);
        SubscribeResult result = await subscribe.ConfigureAwait(false);
        if (!result.IsAnswered) return new ControlReply(ControlOutcome.ConnectionLost);
        if (!result.IsSuccess) return new ControlReply(ControlOutcome.SubscribeRefused, ReasonCode: result.ReasonCodes[0]);
        _subscribed.Add(module.ResponseTopic);
        return null;
    }

    private async Task<PublishResult> PublishAsync(ControlModule module, JsonObject command, CancellationToken ct)
    {
        var request = new JsonObject { ["commands"] = new JsonArray(command) };
        byte[] payload = Encoding.UTF8.GetBytes(request.ToJsonString(s_plain));
        return await _session.Client.PublishAsync(MqttPublish.Create(module.Topic, payload, _session.Options.QoS), ct).ConfigureAwait(false);
    }

    private static ControlReply? Refusal(PublishResult result) => result.Outcome switch
    {
        PublishOutcome.Sent or PublishOutcome.Acknowledged => null,
        PublishOutcome.Refused or PublishOutcome.NotAllowed => new ControlReply(ControlOutcome.PublishRefused, ReasonCode: result.ReasonCode),
        _ => new ControlReply(ControlOutcome.ConnectionLost),
    };

    private void OnMessage(MqttClient client, scoped in ReceivedMessage message)
    {
        if (message.QoS != QualityOfService.AtMostOnce) client.Acknowledge(message.PacketId);
        if (_expected is not { } expected || message.Retain) return;
        MqttMessage received = message.ToMessage();
        if (received.Topic != expected.Topic) return;
        if (ControlReply.TryRead(received.Payload, expected.Correlation, out ControlReply reply)) expected.Reply.TrySetResult(reply);
    }

    /// <summary>What the connection waits for.</summary>
    private sealed record Expectation(string Topic, string Correlation)
    {
        internal TaskCompletionSource<ControlReply> Reply { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
