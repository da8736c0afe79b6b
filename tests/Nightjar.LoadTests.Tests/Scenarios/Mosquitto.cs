using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Nightjar.Testing;
using Nightjar.Testing.Certificates;
using Xunit;

namespace Nightjar.LoadTests.Tests.Scenarios;

/// <summary>Debian's mosquitto, with a listener that asks for a password and one with TLS.</summary>
internal sealed class Mosquitto : IAsyncDisposable
{
    internal const string User = "load";
    internal const string Password = "secret";
    private const int Attempts = 5;

    private readonly Process _process;

    private Mosquitto(Process process, int port, int tlsPort) => (_process, Port, TlsPort) = (process, port, tlsPort);

    /// <summary>Where it is installed; null where it is not.</summary>
    internal static string? Path { get; } = Find("mosquitto");

    /// <summary>Port of the listener with passwords.</summary>
    internal int Port { get; }

    /// <summary>Port of the listener with TLS.</summary>
    internal int TlsPort { get; }

    /// <summary>Starts one that is ready.</summary>
    internal static async Task<Mosquitto> StartAsync(TestDirectory folder, TestCertificates certificates)
    {
        string passwords = System.IO.Path.Combine(folder.Path, "passwords");
        using (Process hash = Start(Find("mosquitto_passwd")!, "-c", "-b", passwords, User, Password)) await hash.WaitForExitAsync().WaitAsync(Wait.Guard);
        string certificate = folder.Write("server.crt", certificates.Server);
        string key = folder.Write("server.key", certificates.Server.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        for (int attempt = 1; ; attempt++)
        {
            // Another process may take a port between the look and the start; then mosquitto ends, and other ports are tried.
            int port = FreePort(), tlsPort = FreePort();
            string configuration = folder.Write(
                "mosquitto.conf",
                $"user {Environment.UserName}\nper_listener_settings true\nlistener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\nmax_queued_messages 0\n"
                + $"listener {tlsPort} localhost\nallow_anonymous true\ncertfile {certificate}\nkeyfile {key}\n");
            Process process = Start(Path!, "-v", "-c", configuration);
            List<string> lines = [];
            while (await process.StandardError.ReadLineAsync().WaitAsync(Wait.Guard) is { } line)
            {
                lines.Add(line);
                if (!line.EndsWith(" running", StringComparison.Ordinal)) continue;
                // What it says from now on is not needed, and must not fill the pipe.
                _ = process.StandardError.BaseStream.CopyToAsync(Stream.Null);
                return new Mosquitto(process, port, tlsPort);
            }

            process.Dispose();
            Assert.True(attempt < Attempts, string.Join('\n', lines));
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static Process Start(string file, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    // Debian puts brokers into sbin, which is not on everybody's PATH.
    private static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Concat(["/usr/bin", "/usr/sbin"]).Select(folder => System.IO.Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}
