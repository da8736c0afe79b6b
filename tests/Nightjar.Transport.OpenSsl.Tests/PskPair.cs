using Nightjar.Testing;
using Nightjar.Transport.Buffers;
using Nightjar.Transport.OpenSsl.Keys;
using Nightjar.Transport.Tests;

namespace Nightjar.Transport.OpenSsl.Tests;

/// <summary>Two ends that have done their handshake, and what is below them.</summary>
public sealed class PskPair : IAsyncDisposable
{
    internal const string Identity = "sensor";
    internal static readonly PskKey Key = new([0x00, 0xaa, 0xbb, 0xcc]);

    private readonly TransportPair _below;

    private PskPair(TransportPair below, TransportConnection client, TransportConnection server)
    {
        _below = below;
        Client = client;
        Server = server;
    }

    /// <summary>The end that connected.</summary>
    public TransportConnection Client { get; }

    /// <summary>The end that was accepted; one byte of the application was read already.</summary>
    public TransportConnection Server { get; }

    /// <summary>The end below <see cref="Client"/>.</summary>
    public TransportConnection RawClient => _below.Client;

    internal static PskServerContext CreateServer(BufferPool pool, string? ciphers = null, string identity = Identity) =>
        new(new PskServerOptions { Keys = new Dictionary<string, PskKey> { [identity] = Key }, Hint = "hint", Ciphers = ciphers, BufferPool = pool });

    internal static PskClientContext CreateClient(BufferPool pool, string identity = Identity, PskKey? key = null, string? ciphers = null) =>
        new(new PskClientOptions { Identity = identity, Key = key ?? Key, Ciphers = ciphers, BufferPool = pool });

    internal static async Task<PskPair> CreateAsync(TransportKind kind, LeakCheck leaks, string? ciphers = null, int capacity = 0, string identity = Identity)
    {
        using PskServerContext server = CreateServer(leaks.Pool, ciphers, identity);
        using PskClientContext client = CreateClient(leaks.Pool, identity);
        TransportPair below = await TransportPair.CreateAsync(kind, leaks.Pool, capacity);
        TransportConnection accepted = server.Wrap(below.Server);
        Task<byte[]> first = accepted.ReadAsync(1);
        TransportConnection connected = await client.ConnectAsync(below.Client, "localhost", CancellationToken.None).AsTask().WaitAsync(Wire.Guard);
        connected.Send("x"u8);
        await first;
        return new PskPair(below, connected, accepted);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
        await _below.DisposeAsync();
    }
}
