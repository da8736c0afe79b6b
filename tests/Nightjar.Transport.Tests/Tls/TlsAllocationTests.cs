using System.IO.Pipelines;
using Nightjar.Testing;
using Nightjar.Testing.Certificates;
using Nightjar.Transport.Tls;
using Xunit;

namespace Nightjar.Transport.Tests.Tls;

/// <summary>What a message allocates on its way through TLS once the connection is warm, counted over all threads and both ends: nothing of its
/// own. The runtime takes the state of a pending read from a pool of each thread, and makes one where threads change and that pool is empty.</summary>
[Collection(AloneCollection.Name)]
[Trait("Measures", "optimised code")]
public sealed class TlsAllocationTests : IDisposable
{
    private const int WarmUp = 20_000;
    private const int Rounds = 5_000;
    private const int Attempts = 8;

    // The smallest thing that a message could allocate, on either end, has 24 bytes.
    private const long Allowed = 16L * Rounds;

    private readonly TestCertificates _certificates = new();
    private readonly LeakCheck _leaks = new();

    public void Dispose() => _certificates.Dispose();

    /// <summary>A message that travels alone: the reader waits for it each time.</summary>
    [Theory]
    [InlineData(64)]
    [InlineData(1024)]
    [InlineData(20_000)]
    public async Task Message_ThatTheReaderWaitsFor_AllocatesNothingOfItsOwn(int size)
    {
        using CertificateServerContext context = CertificateServerContext.Load(new CertificateServerOptions { Certificate = _certificates.Server, BufferPool = _leaks.Pool });
        await using TransportPair pair = await TransportPair.CreateAsync(TransportKind.Socket, _leaks.Pool);
        await using TransportConnection server = context.Wrap(pair.Server);
        byte[] message = Wire.Pattern(size);
        Task<ReadResult> first = server.Input.ReadAsync().AsTask();
        using CertificateClientContext trust = CertificateClientContext.Load(new CertificateClientOptions { Authorities = [_certificates.Root, _certificates.Intermediate], BufferPool = _leaks.Pool });
        await using TransportConnection client = await trust.ConnectAsync(pair.Client, "localhost", CancellationToken.None);
        client.Send("x"u8);
        server.Input.AdvanceTo((await first.WaitAsync(Wire.Guard)).Buffer.End);
        await RunAsync(client, server, message, WarmUp);
        long least = long.MaxValue;
        for (int i = 0; i < Attempts && least >= Allowed; i++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            await RunAsync(client, server, message, Rounds);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }
        Assert.True(least < Allowed, $"{least / (double)Rounds:0.0} bytes a message");
    }

    private static async Task RunAsync(TransportConnection from, TransportConnection to, byte[] message, int rounds)
    {
        for (int i = 0; i < rounds; i++)
        {
            ValueTask<ReadResult> reading = to.Input.ReadAsync();
            from.Send(message);
            int left = message.Length;
            while (true)
            {
                ReadResult result = await reading.ConfigureAwait(false);
                left -= (int)result.Buffer.Length;
                to.Input.AdvanceTo(result.Buffer.End);
                if (left == 0) break;
                reading = to.Input.ReadAsync();
            }
        }
    }
}
