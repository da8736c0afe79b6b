using System.Globalization;
using Nightjar.Client;
using Nightjar.Host.Verbs.Options;

namespace Nightjar.Host.Verbs;

/// <summary>nightjar sub: subscribes and prints what comes, as mosquitto_sub does; connects again after a lost connection.</summary>
internal static class SubVerb
{
    private const int TimedOut = 27;

    private static readonly TimeSpan s_reconnectDelay = TimeSpan.FromSeconds(1);

    /// <summary>Runs the verb.</summary>
    /// <returns>0; the code of the CONNACK when the server refuses the connection; 27 after -W; 1 for every other error.</returns>
    public static Task<int> RunAsync(string[] args, Stream stdin, Stream stdout, TextWriter stderr, CancellationToken ct) =>
        ToolVerb.RunAsync(ToolKind.Sub, args, stdout, stderr, options => RunAsync(options, stdout, stderr, ct));

    private static async Task<int> RunAsync(ToolOptions options, Stream stdout, TextWriter stderr, CancellationToken ct)
    {
        await using var session = new ToolSession(options, stdout, stderr);
        var receiver = new SubscribeReceiver(session, stdout);
        session.Client.MessageReceived = receiver.OnMessage;
        int code = await session.ConnectAsync(ct).ConfigureAwait(false);
        if (code != 0) return code;
        Task timeout = options.TimeoutSeconds > 0 ? Task.Delay(TimeSpan.FromSeconds(options.TimeoutSeconds), CancellationToken.None) : Task.Delay(Timeout.Infinite, ct);
        if (options.MessageRate) _ = ReportRateAsync(session, receiver, ct);
        while (true)
        {
            Task ended = session.Client.Disconnection;
            if (await SubscribeAsync(session, ct).ConfigureAwait(false)) receiver.Finish();
            await Task.WhenAny(receiver.Finished, timeout, ended, Cancelled(ct)).ConfigureAwait(false);
            if (!ended.IsCompleted || receiver.Finished.IsCompleted || timeout.IsCompleted || ct.IsCancellationRequested) break;
            code = await ReconnectAsync(session, timeout, ct).ConfigureAwait(false);
            if (code != 0) return code;
        }

        bool timedOut = !receiver.Finished.IsCompleted && timeout.IsCompletedSuccessfully;
        if (timedOut) session.Error("Timed out\n");
        await session.DisconnectAsync().ConfigureAwait(false);
        return timedOut ? TimedOut : 0;
    }

    private static Task Cancelled(CancellationToken ct) => Task.Delay(Timeout.Infinite, ct);

    /// <summary>Sends the subscriptions and unsubscriptions.</summary>
    /// <returns>True when nothing more is to be waited for: -E, or every subscription was denied.</returns>
    private static async Task<bool> SubscribeAsync(ToolSession session, CancellationToken ct)
    {
        ToolOptions options = session.Options;
        Task<SubscribeResult>? subscribe = null;
        if (options.Topics.Count > 0)
        {
            uint identifier = options.Properties.Subscribe.Number(Protocol.PropertyId.SubscriptionIdentifier) ?? 0;
            subscribe = session.Client.SubscribeAsync(SubscribeReceiver.Requests(options), identifier, options.Properties.Subscribe.Encoded, ct);
        }

        List<Task<SubscribeResult>> unsubscribes = [];
        foreach (string topic in options.Unsubscribe)
        {
            ReadOnlyMemory<byte>[] filters = [System.Text.Encoding.UTF8.GetBytes(topic)];
            unsubscribes.Add(session.Client.UnsubscribeAsync(filters, options.Properties.Unsubscribe.Encoded, ct));
        }

        try
        {
            if (subscribe is null)
            {
                await Task.WhenAll(unsubscribes).ConfigureAwait(false);
                return options.ExitAfterSubscribe;
            }

            SubscribeResult result = await subscribe.ConfigureAwait(false);
            return result.IsAnswered && HandleSubAck(session, result);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static bool HandleSubAck(ToolSession session, SubscribeResult result)
    {
        string codes = string.Join(", ", result.ReasonCodes.Select(static code => ((byte)code).ToString(CultureInfo.InvariantCulture)));
        session.DebugLine($"Subscribed (mid: {result.PacketId}): {codes}");
        if (result.ReasonCodes.Any(static code => (byte)code < 128)) return session.Options.ExitAfterSubscribe;
        session.Error("All subscription requests were denied.\n");
        return true;
    }

    private static async Task<int> ReconnectAsync(ToolSession session, Task timeout, CancellationToken ct)
    {
        while (true)
        {
            await Task.WhenAny(Task.Delay(s_reconnectDelay, CancellationToken.None), timeout, Cancelled(ct)).ConfigureAwait(false);
            if (ct.IsCancellationRequested || timeout.IsCompleted) return ct.IsCancellationRequested ? 0 : TimedOut;
            int code = await session.ConnectAsync(ct, silent: true).ConfigureAwait(false);
            if (code == 0 || session.Client.Connection is { HasConnAck: true, IsAccepted: false }) return code;
        }
    }

    private static async Task ReportRateAsync(ToolSession session, SubscribeReceiver receiver, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (!receiver.Finished.IsCompleted && await timer.WaitForNextTickAsync(ct).ConfigureAwait(false))
            session.Line(receiver.TakeCount().ToString(CultureInfo.InvariantCulture));
    }
}
