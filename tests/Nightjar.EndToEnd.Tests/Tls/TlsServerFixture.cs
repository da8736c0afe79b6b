using System.Globalization;
using System.Net;
using Nightjar.Broker;
using Nightjar.Broker.Configuration;
using Nightjar.Testing.Broker;
using Nightjar.Testing.Certificates;
using Nightjar.Transport.Tls;

namespace Nightjar.EndToEnd.Tests.Tls;

/// <summary>A broker in this process that listens with certificates on a free port, and the files its clients need.</summary>
internal sealed class TlsServerFixture : IAsyncDisposable
{
    private readonly CertificateServerContext _context;

    private TlsServerFixture(TestCertificates certificates, TestDirectory directory, CertificateServerContext context)
    {
        Certificates = certificates;
        Directory = directory;
        _context = context;
        Log = new RecordingLogger();
        Broker = new MqttBroker(
            new BrokerOptions { AllowAnonymous = true, SysInterval = TimeSpan.Zero, Listeners = [new ListenerOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0), Tls = context }] },
            Log);
    }

    internal TestCertificates Certificates { get; }

    internal TestDirectory Directory { get; }

    internal MqttBroker Broker { get; }

    internal RecordingLogger Log { get; }

    internal string Port => ((IPEndPoint)Broker.EndPoints[0]).Port.ToString(CultureInfo.InvariantCulture);

    /// <summary>File of the authority.</summary>
    internal string AuthorityFile => Path.Combine(Directory.Path, "ca.crt");

    internal static async Task<TlsServerFixture> StartAsync(Func<CertificateServerOptions, CertificateServerOptions>? change = null)
    {
        var certificates = new TestCertificates();
        return await StartAsync(certificates, new TestDirectory(), change);
    }

    /// <summary>The same with certificates and a directory that are there; they belong to the fixture from here on.</summary>
    internal static async Task<TlsServerFixture> StartAsync(
        TestCertificates certificates, TestDirectory directory, Func<CertificateServerOptions, CertificateServerOptions>? change = null)
    {
        var options = new CertificateServerOptions
        {
            AuthorityFile = directory.Write("ca.crt", certificates.Root),
            CertificateFile = directory.Write("server.crt", certificates.Server),
            KeyFile = directory.Write("server.key", TestCertificates.KeyPem(certificates.Server)),
            RequireCertificate = true,
        };
        var fixture = new TlsServerFixture(certificates, directory, CertificateServerContext.Load(change is null ? options : change(options)));
        await fixture.Broker.StartAsync();
        return fixture;
    }

    /// <summary>Arguments that name a client's certificate and key, which are written.</summary>
    internal string[] ClientFiles(string name = "client")
    {
        var certificate = Certificates.Client($"CN={name}");
        return ["--cert", Directory.Write($"{name}.crt", certificate), "--key", Directory.Write($"{name}.key", TestCertificates.KeyPem(certificate))];
    }

    public async ValueTask DisposeAsync()
    {
        await Broker.DisposeAsync();
        _context.Dispose();
        Certificates.Dispose();
        Directory.Dispose();
    }
}
