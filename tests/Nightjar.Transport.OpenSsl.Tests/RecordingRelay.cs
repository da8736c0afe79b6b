using System.Buffers;
using System.IO.Pipelines;
using Nightjar.Testing;
using Nightjar.Transport.Tests;

namespace Nightjar.Transport.OpenSsl.Tests;

/// <summary>Stands between two ends in memory, passes bytes on in pieces and keeps what the server sent.</summary>
internal sealed class RecordingRelay : IAsyncDisposable
{
    private readonly TransportPair _up;
    private readonly TransportPair _down;
    private readonly MemoryStream _sent = new();
    private readonly Task _pumps;

    private RecordingRelay(TransportPair up, TransportPair down, int piece)
    {
        _up = up;
        _down = down;
        _pumps = Task.WhenAll(PumpAsync(up.Server, down.Client, piece, null), PumpAsync(down.Client, up.Server, piece, _sent));
    }

    /// <summary>What the client connects over.</summary>
    public TransportConnection Client => _up.Client;

    /// <summary>What the server accepts.</summary>
    public TransportConnection Server => _down.Server;

    public static async Task<RecordingRelay> CreateAsync(LeakCheck leaks, int piece) => new(
        await TransportPair.CreateAsync(TransportKind.Memory, leaks.Pool),
        await TransportPair.CreateAsync(TransportKind.Memory, leaks.Pool),
        piece);

    /// <summary>Waits for the end of both streams and gives the records that the server sent: type, length, and, of an alert, its bytes.</summary>
    public async Task<string> GetServerRecordsAsync()
    {
        await _pumps.WaitAsync(Wire.Guard);
        byte[] sent = _sent.ToArray();
        var records = new List<string>();
        for (int at = 0; at < sent.Length;)
        {
            int length = (sent[at + 3] << 8) | sent[at + 4];
            string body = sent[at] == 21 ? Convert.ToHexString(sent, at, length + 5) : "";
            records.Add($"{sent[at]}/{length}{body}");
            at += length + 5;
        }
        return string.Join(' ', records);
    }

    public async ValueTask DisposeAsync()
    {
        _up.Client.Abort();
        _down.Server.Abort();
        await _pumps.WaitAsync(Wire.Guard);
        await _up.DisposeAsync();
        await _down.DisposeAsync();
    }

    private static async Task PumpAsync(TransportConnection from, TransportConnection to, int piece, MemoryStream? record)
    {
        while (true)
        {
            ReadResult result = await from.Input.ReadAsync();
            ReadOnlySequence<byte> part = result.Buffer.Slice(0, Math.Min(piece, result.Buffer.Length));
            record?.Write(part.ToArray());
            to.Send(part.ToArray());
            bool ended = result.IsCompleted && part.Length == result.Buffer.Length;
            from.Input.AdvanceTo(part.End);
            if (ended)
                break;
        }
        to.Output.Complete();
    }
}
