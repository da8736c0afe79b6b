using Nightjar.EndToEnd.Tests.Clients;
using Nightjar.EndToEnd.Tests.Tools;
using Nightjar.Testing;
using Nightjar.Testing.Certificates;
using Nightjar.Transport.Tls;
using Xunit;

namespace Nightjar.EndToEnd.Tests.Tls;

/// <summary>Mosquitto's tools and ours over TLS: against a broker that wants certificates, with the right ones and the wrong ones.</summary>
public sealed class MosquittoToolsTests
{
    [RequiresToolTheory(MosquittoClient.Pub, MosquittoClient.Sub)]
    [InlineData("tlsv1.2")]
    [InlineData("tlsv1.3")]
    public async Task PublishAndSubscribe_WithCertificates_Work(string version)
    {
        await using TlsServerFixture server = await TlsServerFixture.StartAsync();
        string[] common = ["-h", "localhost", "-p", server.Port, "-V", "mqttv5", "--cafile", server.AuthorityFile, "--tls-version", version, .. server.ClientFiles()];
        await PublishRetainedAsync(ExternalTool.Require(MosquittoClient.Pub), [], common);
        ProcessResult result = await ProcessRunner.RunAsync(ExternalTool.Require(MosquittoClient.Sub), [.. common, "-t", "tls/#", "-C", "1", "-W", "20"]);
        Assert.Equal("hello", result.AssertExitCode().Output);
        Assert.Contains(server.Log.Lines, line => line.Text.Contains(" negotiated TLSv1.3 cipher TLS_AES_256_GCM_SHA384", StringComparison.Ordinal));
    }

    [RequiresToolFact(MosquittoClient.Pub)]
    public async Task Publish_NoCertificate_IsRefusedAndTheLogSaysWhy()
    {
        await using TlsServerFixture server = await TlsServerFixture.StartAsync();
        ProcessResult result = await ProcessRunner.RunAsync(
            ExternalTool.Require(MosquittoClient.Pub), ["-h", "localhost", "-p", server.Port, "--cafile", server.AuthorityFile, "-t", "a", "-m", "b"]);
        Assert.NotEqual(0, result.ExitCode);
        await Wait.UntilAsync(() => server.Log.Lines.Any(line => line.Text.EndsWith("peer did not return a certificate", StringComparison.Ordinal)), "the log line");
    }

    [RequiresToolFact(MosquittoClient.Pub)]
    public async Task Publish_ServerOfAnotherAuthority_IsRefusedByTheClientAndTheLogSaysWhy()
    {
        await using TlsServerFixture server = await TlsServerFixture.StartAsync();
        using var others = new TestCertificates("Other");
        ProcessResult result = await ProcessRunner.RunAsync(
            ExternalTool.Require(MosquittoClient.Pub),
            ["-h", "localhost", "-p", server.Port, "--cafile", server.Directory.Write("other.crt", others.Root), .. server.ClientFiles(), "-t", "a", "-m", "b"]);

        // "Unable to connect (...)." or "Error: ...", as it happens to notice.
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("A TLS error occurred.", result.Errors, StringComparison.Ordinal);
        await Wait.UntilAsync(() => server.Log.Lines.Any(line => line.Text.StartsWith("OpenSSL Error[0]: ", StringComparison.Ordinal)), "the log line");
        Assert.Contains(server.Log.Lines, line => line.Text.Contains("unknown ca", StringComparison.OrdinalIgnoreCase));
    }

    [RequiresToolTheory(MosquittoClient.Pub)]
    [InlineData("ECDHE-ECDSA-AES256-GCM-SHA384")]
    [InlineData("ECDHE-ECDSA-CHACHA20-POLY1305")]
    public async Task Publish_CiphersOfTheServer_AreNegotiated(string cipher)
    {
        await using TlsServerFixture server = await TlsServerFixture.StartAsync(options => options with { Ciphers = $"{cipher}:@STRENGTH" });
        string[] arguments = ["-h", "localhost", "-p", server.Port, "--cafile", server.AuthorityFile, "--tls-version", "tlsv1.2", .. server.ClientFiles(), "-t", "a", "-m", "b"];
        // Mosquitto's own client offers TLS 1.3 all the same, of which the list says nothing.
        string[] lists = ["--ciphers", cipher];
        (await ProcessRunner.RunAsync(ExternalTool.Require(MosquittoClient.Pub), [.. arguments, .. lists])).AssertExitCode();
        Assert.Contains(server.Log.Lines, line => line.Text.Contains(" negotiated TLSv1.3 cipher TLS_", StringComparison.Ordinal) || line.Text.EndsWith(cipher, StringComparison.Ordinal));
    }

    [Fact]
    public async Task NightjarTools_WithCertificates_Work()
    {
        await using TlsServerFixture server = await TlsServerFixture.StartAsync();
        string[] common = ["-h", "localhost", "-p", server.Port, "--cafile", server.AuthorityFile, .. server.ClientFiles()];
        (await BrokerProcess.RunAsync(["pub", .. common, "-t", "tls/a", "-m", "hello", "-r", "-q", "1"])).AssertExitCode();
        Assert.Equal("hello", (await BrokerProcess.RunAsync(["sub", .. common, "-t", "tls/#", "-C", "1", "-W", "20"])).AssertExitCode().Output);
    }

    [Fact]
    public async Task NightjarPub_WhatDoesNotWork_SaysWhatMosquittoPubSays()
    {
        await using TlsServerFixture server = await TlsServerFixture.StartAsync();
        using var others = new TestCertificates("Other");
        string other = server.Directory.Write("other.crt", others.Root);
        string[] common = ["pub", "-p", server.Port, "-t", "a", "-m", "b", .. server.ClientFiles()];
        string[] wrongKey = ["pub", "-p", server.Port, "-t", "a", "-m", "b", "--cert", Path.Combine(server.Directory.Path, "client.crt"), "--key", Path.Combine(server.Directory.Path, "server.key")];
        (string[] Arguments, string Errors, int Code)[] cases =
        [
            ([.. common, "-h", "localhost", "--cafile", other], "Error: A TLS error occurred.", 8),
            ([.. common, "-h", "localhost", "--cafile", server.AuthorityFile, "--ciphers", "BOGUS"], "Unable to connect (A TLS error occurred.).", 1),
            ([.. common, "-h", "localhost", "--cafile", "/nonexistent"], "Error: Problem setting TLS options: File not found.", 1),
            ([.. common, "-h", "localhost"], "Error: The connection was lost.", 7),
            ([.. wrongKey, "-h", "localhost", "--cafile", server.AuthorityFile], "Unable to connect (A TLS error occurred.).", 1),
        ];
        foreach ((string[] arguments, string errors, int code) in cases)
        {
            ProcessResult result = await BrokerProcess.RunAsync(arguments);
            Assert.StartsWith(errors, result.Errors, StringComparison.Ordinal);
            Assert.Equal(code, result.ExitCode);
        }

        ProcessResult explained = await BrokerProcess.RunAsync([.. common, "-h", "localhost", "--cafile", other, "-d"]);
        Assert.Contains("unable to get local issuer certificate", explained.Output, StringComparison.Ordinal);
    }

    private static async Task PublishRetainedAsync(string program, string[] first, string[] common) =>
        (await ProcessRunner.RunAsync(program, [.. first, .. common, "-t", "tls/a", "-m", "hello", "-r", "-q", "1"])).AssertExitCode();
}
