using System.Buffers;
using System.Net.Security;
using Nightjar.Transport;

namespace Nightjar.Testing.Certificates;

/// <summary>The first flight of a TLS client.</summary>
public static class ClientHello
{
    /// <summary>Has the runtime's TLS say hello to nobody.</summary>
    public static async Task<byte[]> MakeAsync()
    {
        (TransportConnection client, TransportConnection server) = MemoryTransport.CreatePair();
        await using (client)
        await using (server)
        {
            await using var stream = new SslStream(new PipeStream(client));
            Task handshake = stream.AuthenticateAsClientAsync("localhost");
            var result = await server.Input.ReadAsync();
            byte[] hello = result.Buffer.ToArray();
            server.Input.AdvanceTo(result.Buffer.End);
            server.Abort();
            await handshake.ContinueWith(static task => _ = task.Exception, TaskScheduler.Default);
            return hello;
        }
    }
}
