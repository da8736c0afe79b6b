using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Nightjar.Host.Tests.Verbs.Control;

/// <summary>
/// Speaks as much MQTT 5.0 as ctrl needs, and answers its requests as a test wants: what no broker at hand answers, and what no broker should.
/// </summary>
internal sealed class StubBroker : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<JsonObject, IEnumerable<string>?> _answer;
    private readonly Task _serving;

    /// <summary>Begins to listen.</summary>
    /// <param name="answer">The payloads of the responses to a command, in order; null closes the connection instead.</param>
    internal StubBroker(Func<JsonObject, IEnumerable<string>?> answer)
    {
        _answer = answer;
        _listener.Start();
        _serving = ServeAsync();
    }

    internal string Port => ((IPEndPoint)_listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);

    /// <summary>Reason code of the SUBACK.</summary>
    internal byte SubscribeCode { get; init; }

    /// <summary>Reason code of the PUBACK.</summary>
    internal byte PublishCode { get; init; }

    /// <summary>Connections so far.</summary>
    internal int Connections { get; private set; }

    /// <summary>Topics that were published to.</summary>
    internal List<string> Topics { get; } = [];

    /// <summary>A response without an error.</summary>
    internal static string Response(JsonObject command, string? data = null) => Response(command["command"]!.GetValue<string>(), command["correlationData"]!.GetValue<string>(), data);

    /// <summary>The same, to any request.</summary>
    internal static string Response(string command, string correlation, string? data) =>
        $$"""{"responses":[{"command":"{{command}}",{{(data is null ? "" : $"\"data\":{data},")}}"correlationData":"{{correlation}}"}]}""";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _serving;
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                Connections++;
                await ServeAsync(client.GetStream());
            }
        }
        catch (Exception exception) when (_stop.IsCancellationRequested || exception is SocketException or IOException)
        {
            // The test is over: whatever a listener that was stopped meanwhile says. Or the client has gone.
        }
    }

    private async Task ServeAsync(NetworkStream stream)
    {
        while (await ReadPacketAsync(stream) is var (type, body))
        {
            byte[]? reply = (type >> 4) switch
            {
                1 => [0x20, 3, 0, 0, 0],
                8 => [0x90, 4, body[0], body[1], 0, SubscribeCode],
                12 => [0xD0, 0],
                3 => await AnswerAsync(stream, body),
                _ => [],
            };
            if (reply is null) return;
            await stream.WriteAsync(reply, _stop.Token);
        }
    }

    // All requests come with QoS 1. The response goes before the acknowledgement, as it may.
    private async Task<byte[]?> AnswerAsync(NetworkStream stream, byte[] body)
    {
        int topicLength = BinaryPrimitives.ReadUInt16BigEndian(body);
        string topic = Encoding.UTF8.GetString(body, 2, topicLength);
        Topics.Add(topic);
        byte[] acknowledgement = [0x40, 4, body[2 + topicLength], body[3 + topicLength], PublishCode, 0];
        if (PublishCode >= 0x80) return acknowledgement;
        JsonNode request = JsonNode.Parse(body.AsSpan(2 + topicLength + 2 + 1 + body[2 + topicLength + 2]))!;
        if (_answer(request["commands"]![0]!.AsObject()) is not { } responses) return null;
        foreach (string response in responses) await stream.WriteAsync(Publish(topic + "/response", response), _stop.Token);
        return acknowledgement;
    }

    private static byte[] Publish(string topic, string payload)
    {
        byte[] name = Encoding.UTF8.GetBytes(topic);
        byte[] content = Encoding.UTF8.GetBytes(payload);
        int length = 2 + name.Length + 1 + content.Length;
        byte[] remaining = length < 128 ? [(byte)length] : [(byte)(length & 0x7F | 0x80), (byte)(length >> 7)];
        return [0x30, .. remaining, (byte)(name.Length >> 8), (byte)name.Length, .. name, 0, .. content];
    }

    private async Task<(byte Type, byte[] Body)?> ReadPacketAsync(NetworkStream stream)
    {
        byte[] one = new byte[1];
        if (await stream.ReadAsync(one, _stop.Token) == 0) return null;
        byte type = one[0];
        int length = 0;
        for (int shift = 0; ; shift += 7)
        {
            await stream.ReadExactlyAsync(one, _stop.Token);
            length |= (one[0] & 0x7F) << shift;
            if (one[0] < 0x80) break;
        }

        byte[] body = new byte[length];
        await stream.ReadExactlyAsync(body, _stop.Token);
        return (type, body);
    }
}
