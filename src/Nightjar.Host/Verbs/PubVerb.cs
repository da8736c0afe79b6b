using System.Text;
using Nightjar.Client;
using Nightjar.Host.Verbs.Options;
using Nightjar.Protocol;

namespace Nightjar.Host.Verbs;

/// <summary>nightjar pub: publishes and exits, as mosquitto_pub does.</summary>
internal static class PubVerb
{
    /// <summary>Runs the verb.</summary>
    /// <returns>0; the code of the CONNACK when the server refuses the connection; 1 for every other error.</returns>
    public static Task<int> RunAsync(string[] args, Stream stdin, Stream stdout, TextWriter stderr, CancellationToken ct) =>
        ToolVerb.RunAsync(ToolKind.Pub, args, stdout, stderr, options => RunAsync(options, stdin, stdout, stderr, ct));

    private static async Task<int> RunAsync(ToolOptions options, Stream stdin, Stream stdout, TextWriter stderr, CancellationToken ct)
    {
        await using var session = new ToolSession(options, stdout, stderr);
        bool isLines = options.PayloadSource == PayloadSource.StandardInputLines;
        byte[]? payload = isLines ? [] : await ToolPayload.ReadAsync(session, stdin, ct).ConfigureAwait(false);
        if (payload is null) return 1;
        int code = await session.ConnectAsync(ct).ConfigureAwait(false);
        if (code != 0)
        {
            if (session.Client.Connection is { HasConnAck: true })
                session.Error(options.Version == ProtocolVersion.Mqtt50
                    ? "Error: A network protocol error occurred when communicating with the broker.\n"
                    : "Error: The connection was refused.\n");
            return code;
        }

        bool isOpen = isLines
            ? await PublishLinesAsync(session, stdin, ct).ConfigureAwait(false)
            : await PublishRepeatedlyAsync(session, payload, ct).ConfigureAwait(false);
        if (!isOpen) return 1;
        await session.DisconnectAsync().ConfigureAwait(false);
        return 0;
    }

    private static async Task<bool> PublishRepeatedlyAsync(ToolSession session, byte[] payload, CancellationToken ct)
    {
        for (int i = 0; i < session.Options.RepeatCount; i++)
        {
            if (i > 0 && session.Options.RepeatDelay > TimeSpan.Zero) await Task.Delay(session.Options.RepeatDelay, ct).ConfigureAwait(false);
            PublishResult result = await session.Client.PublishAsync(Message(session.Options, payload), ct).ConfigureAwait(false);
            if (!Report(session, result, i + 1)) return false;
        }

        return true;
    }

    private static async Task<bool> PublishLinesAsync(ToolSession session, Stream stdin, CancellationToken ct)
    {
        var pending = new Queue<Task<PublishResult>>();
        int number = 0;
        await foreach (byte[] line in ToolPayload.ReadLinesAsync(stdin, ct).ConfigureAwait(false))
        {
            ValueTask<PublishResult> publish = session.Client.PublishAsync(Message(session.Options, line), ct);
            pending.Enqueue(publish.AsTask());
            while (pending.Count > 0 && (pending.Peek().IsCompleted || pending.Count > session.Options.MaximumInflight))
                if (!Report(session, await pending.Dequeue().ConfigureAwait(false), ++number)) return false;
        }

        while (pending.TryDequeue(out Task<PublishResult>? task))
            if (!Report(session, await task.ConfigureAwait(false), ++number)) return false;
        return true;
    }

    private static MqttPublish Message(ToolOptions options, byte[] payload) =>
        options.Properties.Publish.Apply(MqttPublish.Create(options.Topics[0], payload, options.QoS, options.Retain));

    /// <summary>Says what went wrong; false when the connection is gone.</summary>
    private static bool Report(ToolSession session, PublishResult result, int number)
    {
        if (result.IsSuccess) return true;
        if (result.Outcome is PublishOutcome.Refused or PublishOutcome.NotAllowed)
        {
            session.Error(result switch
            {
                { Outcome: PublishOutcome.NotAllowed, ReasonCode: ReasonCode.PacketTooLarge } => "Error: Message payload is too large.\n",
                { Outcome: PublishOutcome.NotAllowed, ReasonCode: ReasonCode.QoSNotSupported } => "Error: Message QoS not supported on broker, try a lower QoS.\n",
                _ => $"Warning: Publish {number} failed: {ToolErrors.Describe(result.ReasonCode)}.\n",
            });
            return true;
        }

        session.Error("Error: The connection was lost.\n");
        return false;
    }
}
