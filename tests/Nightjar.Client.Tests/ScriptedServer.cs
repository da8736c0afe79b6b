using System.Buffers;
using System.IO.Pipelines;
using Nightjar.Protocol;
using Nightjar.Transport;
using Xunit;

namespace Nightjar.Client.Tests;

/// <summary>The other end of a client's connection: says what the test tells it to, and shows what the client sent.</summary>
internal sealed class ScriptedServer(TransportConnection connection) : IAsyncDisposable
{
    internal static readonly TimeSpan Guard = TimeSpan.FromSeconds(10);

    internal TransportConnection Connection { get; } = connection;

    public ValueTask DisposeAsync() => Connection.DisposeAsync();

    /// <summary>Makes a client that is connecting, with the server's end.</summary>
    internal static (MqttClient Client, ScriptedServer Server, Task<ConnectResult> Connecting) Begin(
        MqttClientOptions options, MqttClient? client = null, TimeProvider? timeProvider = null)
    {
        (TransportConnection clientEnd, TransportConnection serverEnd) = MemoryTransport.CreatePair();
        client ??= new MqttClient(timeProvider);
        return (client, new ScriptedServer(serverEnd), client.ConnectAsync(clientEnd, options));
    }

    /// <summary>Makes a connected client.</summary>
    internal static async Task<(MqttClient Client, ScriptedServer Server)> ConnectAsync(
        MqttClientOptions options, string connAck = "20 03 00 00 00", MqttClient? client = null, TimeProvider? timeProvider = null)
    {
        (client, ScriptedServer server, Task<ConnectResult> connecting) = Begin(options, client, timeProvider);
        await server.ExpectAsync(PacketType.Connect);
        server.Send(connAck);
        ConnectResult result = await connecting.WaitAsync(Guard);
        Assert.True(result.IsAccepted);
        return (client, server);
    }

    /// <summary>Sends bytes written as hexadecimal.</summary>
    internal void Send(string hex)
    {
        byte[] bytes = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        bytes.CopyTo(Connection.Output.GetSpan(bytes.Length));
        Connection.Output.Advance(bytes.Length);
        if (Connection.Output.Commit()) Connection.Output.Send();
    }

    /// <summary>The next packet in hexadecimal; null when the client has closed.</summary>
    internal async Task<string?> ReceiveAsync()
    {
        while (true)
        {
            ReadResult result = await Connection.Input.ReadAsync().AsTask().WaitAsync(Guard);
            ReadOnlySequence<byte> buffer = result.Buffer;
            if (FrameReader.TryMeasure(in buffer, int.MaxValue, out int length, out _) == ReadStatus.Complete)
            {
                byte[] frame = buffer.Slice(0, length).ToArray();
                Connection.Input.AdvanceTo(buffer.GetPosition(length));
                return Convert.ToHexString(frame);
            }

            Connection.Input.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted) return null;
        }
    }

    /// <summary>The next packet must be of this type.</summary>
    internal async Task<string> ExpectAsync(PacketType type)
    {
        string? frame = await ReceiveAsync();
        Assert.NotNull(frame);
        Assert.Equal(type, (PacketType)(Convert.FromHexString(frame)[0] >> 4));
        return frame;
    }

    /// <summary>The next packet must be exactly this.</summary>
    internal async Task ExpectAsync(string hex) => Assert.Equal(hex.Replace(" ", "", StringComparison.Ordinal), await ReceiveAsync());
}
