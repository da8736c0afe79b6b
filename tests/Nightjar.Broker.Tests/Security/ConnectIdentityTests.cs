using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Connections;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.Passwords;
using Nightjar.Broker.Tests.Security.Passwords;
using Nightjar.Protocol;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Nightjar.Transport.Tls;
using Xunit;

namespace Nightjar.Broker.Tests.Security;

/// <summary>Who a client becomes at CONNECT: client ids that are allowed, user names that TLS proves, refusals that are logged and delayed.</summary>
public sealed class ConnectIdentityTests : IDisposable
{
    private static readonly ListenerOptions Listener = new() { EndPoint = new IPEndPoint(IPAddress.Loopback, 0), AllowAnonymous = false };
    private static readonly BrokerOptions Quiet = new() { SysInterval = TimeSpan.Zero };
    private static readonly IPEndPoint Address = new(IPAddress.Parse("192.0.2.7"), 4711);
    private readonly List<X509Certificate2> _certificates = [];

    private static PasswordAuthenticator Users { get; } = new(PasswordFile.Parse([PasswordSamples.Line("roger", "password")], "f"));

    public void Dispose()
    {
        foreach (var certificate in _certificates) certificate.Dispose();
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311, "C1-a", 0)]
    [InlineData(ProtocolVersion.Mqtt311, "C2-a", 5)]
    [InlineData(ProtocolVersion.Mqtt311, "c1-a", 5)]
    [InlineData(ProtocolVersion.Mqtt50, "C1-a", 0)]
    [InlineData(ProtocolVersion.Mqtt50, "C1", 0x87)]
    [InlineData(ProtocolVersion.Mqtt50, "", 0x87)]
    public async Task ClientIdPrefix_OfOtherClients_IsNotAuthorized(ProtocolVersion version, string clientId, byte code)
    {
        await using var broker = await TestBroker.StartAsync(Quiet with { ClientIdPrefix = "C1-" });

        Assert.Equal(code, await ConnectAsync(await broker.OpenAsync(version), clientId));
    }

    [Fact]
    public async Task ClientIdPrefix_OfAssignedIds_LooksAtTheirPrefix()
    {
        await using var broker = await TestBroker.StartAsync(Quiet with { ClientIdPrefix = "C1-" }, Listener with { AllowAnonymous = true, AutoIdPrefix = "C1-auto-" });

        var client = await broker.ConnectAsync("");

        Assert.Contains("C1-auto-", Encoding.UTF8.GetString(client.ConnAck), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, false, false)]
    [InlineData(false, null, false)]
    [InlineData(false, true, true)]
    [InlineData(true, null, true)]
    public async Task ZeroLengthClientId_OfAListener_GoesByItsOwnSetting(bool all, bool? own, bool accepted)
    {
        await using var broker = await TestBroker.StartAsync(
            Quiet with { AllowZeroLengthClientId = all }, Listener with { AllowAnonymous = true, AllowZeroLengthClientId = own });

        Assert.Equal(accepted ? 0 : 0x85, await ConnectAsync(await broker.OpenAsync(), ""));
    }

    [Fact]
    public async Task UserNameAsClientId_OfTwoClients_MakesOneSessionOfOneUser()
    {
        await using var broker = await TestBroker.StartAsync(Quiet, Listener with { UseUserNameAsClientId = true }, Users);
        var first = await broker.OpenAsync();
        Assert.Equal(0, await ConnectAsync(first, "one", "roger", "password"));
        var second = await broker.OpenAsync();
        Assert.Equal(0, await ConnectAsync(second, "", "roger", "password"));

        await first.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
        // A client without an id of its own is told what it goes by.
        Assert.Contains("roger", Encoding.UTF8.GetString(second.ConnAck), StringComparison.Ordinal);
        Assert.Equal("roger", Assert.Single(broker.Broker.Core.Connections.All, connection => !connection.IsClosing).Identity.ClientId);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311, null, 5)]
    [InlineData(ProtocolVersion.Mqtt50, null, 0x87)]
    [InlineData(ProtocolVersion.Mqtt50, "", 0x87)]
    public async Task UserNameAsClientId_WithoutAUserName_IsNotAuthorized(ProtocolVersion version, string? userName, byte code)
    {
        await using var broker = await TestBroker.StartAsync(Quiet, Listener with { AllowAnonymous = true, UseUserNameAsClientId = true });

        Assert.Equal(code, await ConnectAsync(await broker.OpenAsync(version), "c", userName));
    }

    [Theory]
    [InlineData("ann", 0)]
    [InlineData("roger", 0x87)]
    [InlineData(null, 0x87)]
    public async Task UserNameAsClientId_OfAUserWhoProvedToBeAnother_IsNotAuthorized(string? proved, byte code)
    {
        await using var broker = await TestBroker.StartAsync(Quiet, Listener with { UseUserNameAsClientId = true }, new Proves(proved));

        Assert.Equal(code, await ConnectAsync(await broker.OpenAsync(), "c", "ann", "password"));
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311, "roger", null, 5)]
    [InlineData(ProtocolVersion.Mqtt50, "roger", null, 0x87)]
    [InlineData(ProtocolVersion.Mqtt50, "roger", "", 0x87)]
    [InlineData(ProtocolVersion.Mqtt50, "roger", "wrong", 0x87)]
    [InlineData(ProtocolVersion.Mqtt50, null, null, 0x87)]
    [InlineData(ProtocolVersion.Mqtt50, "roger", "password", 0)]
    public async Task PasswordFile_OverTheWire_AnswersAsMosquitto(ProtocolVersion version, string? userName, string? password, byte code)
    {
        await using var broker = await TestBroker.StartAsync(Quiet, Listener, Users);

        Assert.Equal(code, await ConnectAsync(await broker.OpenAsync(version), "c", userName, password));
    }

    [Fact]
    public async Task Accepted_ClientKeepsWhatTheDecisionRestsOn_NotThePassword()
    {
        await using var broker = await TestBroker.StartAsync(Quiet, Listener with { SecurityDomain = "1884" }, new DomainAuthenticator(new Dictionary<string, IAuthenticator> { ["1884"] = Users }));
        Assert.Equal(0, await ConnectAsync(await broker.OpenAsync(), "c", "roger", "password"));

        var connection = Assert.Single(broker.Broker.Core.Connections.All);

        Assert.Equal(("1884", IdentityProof.Password), (connection.Identity.SecurityDomain, connection.Proof));
        Assert.Equal("roger", Assert.IsType<PasswordEntry>(connection.Credential).UserName);
        Assert.True(Users.IsStillAllowed(connection.Identity, connection.Proof, connection.Credential, anonymousAllowed: false));
    }

    [Theory]
    [InlineData(UserNameSource.Identity, "CN=device 7, O=x", "device 7")]
    [InlineData(UserNameSource.Subject, "CN=device 7, O=größe", @"CN=device 7,O=gr\C3\B6\C3\9Fe")]
    public async Task Certificate_OfAClient_NamesTheUser(UserNameSource source, string subject, string userName)
    {
        await using var posing = await StartPosingAsync(Listener with { UserNameSource = source }, Session(Certificate(subject)));

        // User name and password of CONNECT are ignored.
        Assert.Equal(0, await ConnectAsync(await posing.OpenAsync(), "c", "roger", "wrong"));

        var connection = Assert.Single(posing.Broker.Broker.Core.Connections.All);
        Assert.Equal((userName, IdentityProof.Certificate), (connection.Identity.UserName, connection.Proof));
    }

    [Fact]
    public async Task PreSharedKey_OfAClient_NamesTheUser()
    {
        await using var posing = await StartPosingAsync(
            Listener with { UserNameSource = UserNameSource.Identity, UseUserNameAsClientId = true }, new TlsSession("TLSv1.2", "PSK", null, "meter-1"));

        Assert.Equal(0, await ConnectAsync(await posing.OpenAsync(), "c"));

        var connection = Assert.Single(posing.Broker.Broker.Core.Connections.All);
        Assert.Equal(("meter-1", "meter-1", IdentityProof.PreSharedKey), (connection.Identity.UserName, connection.Identity.ClientId, connection.Proof));
    }

    [Theory]
    [InlineData(65_535, 0)]
    [InlineData(65_536, 0x86)]
    public async Task Certificate_WithANameLongerThanAnyConnectCarries_NamesNobody(int length, byte code)
    {
        // What becomes the client id is told in CONNACK, where a string has no more room.
        await using var posing = await StartPosingAsync(
            Listener with { UserNameSource = UserNameSource.Identity, UseUserNameAsClientId = true }, Session(Certificate("CN=" + new string('x', length))));

        Assert.Equal(code, await ConnectAsync(await posing.OpenAsync(), length > 65_535 ? "" : "c"));
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311, 4)]
    [InlineData(ProtocolVersion.Mqtt50, 0x86)]
    public async Task Certificate_ThatNamesNobody_IsBadUserNameOrPassword(ProtocolVersion version, byte code)
    {
        foreach (var session in new[] { Session(Certificate("O=no common name")), Session(null), new TlsSession("TLSv1.2", "PSK", null, "") })
        {
            await using var posing = await StartPosingAsync(Listener with { AllowAnonymous = true, UserNameSource = UserNameSource.Identity }, session);

            Assert.Equal(code, await ConnectAsync(await posing.OpenAsync(version), "c", "roger", "password"));
        }
    }

    [Fact]
    public async Task Certificate_WhereConnectNamesTheUser_IsNotLookedAt()
    {
        await using var posing = await StartPosingAsync(Listener, Session(Certificate("CN=device")));

        Assert.Equal(0x87, await ConnectAsync(await posing.OpenAsync(), "c", "device"));
        Assert.Equal(0, await ConnectAsync(await posing.OpenAsync(), "c", "roger", "password"));
    }

    [Fact]
    public async Task Refusal_OfAFailedLogin_IsLoggedWithClientAddressAndUser()
    {
        await using var posing = await StartPosingAsync(Listener, null);

        await ConnectAsync(await posing.OpenAsync(), "sensor\u202E1", "ro\u001b[31mger\n1: forged", "wrong");
        await ConnectAsync(await posing.OpenAsync(), "", "nobody", "x");

        Assert.Equal(
            ["Client sensor?1 [192.0.2.7:4711] authentication failed: user 'ro?[31mger?1: forged'.", "Client <unknown> [192.0.2.7:4711] authentication failed: user 'nobody'."],
            posing.Broker.Log.Lines.Select(line => line.Text).Where(text => text.Contains("authentication failed", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Refusals_OfOneAddress_AreDelayedAndOthersAreNot()
    {
        await using var posing = await StartPosingAsync(Listener, null);
        for (var i = 0; i < 3; i++) Assert.Equal(0x87, await ConnectAsync(await posing.OpenAsync(), "c", "roger", "wrong"));

        var slowed = await posing.OpenAsync();
        var answer = ConnectAsync(slowed, "c", "roger", "wrong");
        await Wait.UntilAsync(() => posing.Broker.Clock.IsAwaited(TimeSpan.FromMilliseconds(250)), "the fourth failure");
        // The right password is let in at once, from the same address too. It does not clear the record: whoever guesses may have an account of his own.
        Assert.Equal(0, await ConnectAsync(await posing.OpenAsync(), "right", "roger", "password"));
        Assert.False(answer.IsCompleted);
        posing.Broker.Advance(TimeSpan.FromMilliseconds(249));
        Assert.False(answer.IsCompleted);
        posing.Broker.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(0x87, await answer);

        Assert.Equal((4, 1), (posing.Core.FailedLogins.Failures, posing.Core.FailedLogins.Delayed));
        var next = ConnectAsync(await posing.OpenAsync(), "c", "roger", "wrong");
        await Wait.UntilAsync(() => posing.Broker.Clock.IsAwaited(TimeSpan.FromMilliseconds(500)), "the fifth failure");
        posing.Broker.Advance(TimeSpan.FromMilliseconds(499));
        Assert.False(next.IsCompleted);
        posing.Broker.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(0x87, await next);
    }

    [Fact]
    public async Task Refusals_OfAnotherAddress_AreNotDelayed()
    {
        await using var posing = await StartPosingAsync(Listener, null);
        for (var i = 0; i < 4; i++) posing.Core.FailedLogins.Note(AddressPrefix.Of(Address), TimeSpan.FromSeconds(5));

        posing.Listener.RemoteEndPoint = new IPEndPoint(IPAddress.Parse("192.0.2.8"), 1);

        Assert.Equal(0x87, await ConnectAsync(await posing.OpenAsync(), "c", "roger", "wrong"));
    }

    [Theory]
    [InlineData(true, 5)]
    [InlineData(false, 0)]
    public async Task Refusals_WithoutADelayByOptions_AreSentAtOnce(bool strict, int seconds)
    {
        var options = Quiet with { StrictCompatibility = strict, MaximumAuthenticationDelay = TimeSpan.FromSeconds(seconds) };
        await using var posing = await StartPosingAsync(Listener, null, options);

        for (var i = 0; i < 10; i++) Assert.Equal(0x87, await ConnectAsync(await posing.OpenAsync(), "c", "roger", "wrong"));

        Assert.Equal((10, 0), (posing.Core.FailedLogins.Failures, posing.Core.FailedLogins.Delayed));
    }

    [Fact]
    public async Task Stop_WhileARefusalWaits_DoesNotWaitForIt()
    {
        await using var posing = await StartPosingAsync(Listener, null);
        for (var i = 0; i < 8; i++) posing.Core.FailedLogins.Note(AddressPrefix.Of(Address), TimeSpan.FromSeconds(5));
        var client = await posing.OpenAsync();
        await client.SendAsync(WirePackets.Connect(client.Version, "c", userName: "roger", password: "wrong"u8.ToArray()));
        await Wait.UntilAsync(() => posing.Core.FailedLogins.Failures == 9, "the failure");

        // The clock stands still: only the end of the connection can end the wait.
        await posing.Broker.Broker.StopAsync().WaitAsync(Wait.Guard);

        Assert.Equal(0, posing.Broker.Broker.ConnectionCount);
    }

    [Fact]
    public async Task Authentication_ThatIsUnderWayWhenTheConnectTimeoutEnds_IsAbandoned()
    {
        using var go = new ManualResetEventSlim();
        using var busy = new ManualResetEventSlim();
        var queue = new HashQueue(1, 16, TimeSpan.FromMinutes(1), TimeProvider.System)
        {
            Hashing = () =>
            {
                busy.Set();
                Assert.True(go.Wait(Wait.Guard));
            },
        };
        var users = new PasswordAuthenticator(Users.Users, queue, new VerifiedPasswords());
        await using var broker = await TestBroker.StartAsync(Quiet, Listener, users);
        var client = await broker.OpenAsync();
        await client.SendAsync(WirePackets.Connect(client.Version, "c", userName: "roger", password: "password"u8.ToArray()));
        Assert.True(busy.Wait(Wait.Guard));

        broker.Advance(TimeSpan.FromSeconds(11));
        await client.ExpectClosedAsync();
        await broker.WaitForConnectionsAsync(0);

        go.Set();
        Assert.Equal(0, broker.Broker.SessionCount);
    }

    private static async Task<byte> ConnectAsync(WireClient client, string clientId, string? userName = null, string? password = null)
    {
        await client.SendAsync(WirePackets.Connect(client.Version, clientId, userName: userName, password: password is null ? null : Encoding.UTF8.GetBytes(password)));
        client.ConnAck = await client.ReceiveAsync();
        Assert.Equal(0x20, client.ConnAck[0]);
        if (client.ConnAck[3] != 0) await client.ExpectClosedAsync();
        return client.ConnAck[3];
    }

    private static TlsSession Session(X509Certificate2? certificate) => new("TLSv1.3", "TLS_AES_256_GCM_SHA384", certificate, null);

    private static async Task<Posing> StartPosingAsync(ListenerOptions listener, TlsSession? tls, BrokerOptions? options = null)
    {
        var broker = await TestBroker.StartAsync(options ?? Quiet, authenticator: Users);
        var posing = new PosingListener(broker.Pool) { RemoteEndPoint = Address, Tls = tls };
        broker.Broker.Serve(posing, listener);
        return new Posing(broker, posing);
    }

    private X509Certificate2 Certificate(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var certificate = new CertificateRequest(subject, key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.Parse("2026-01-01", CultureInfo.InvariantCulture), DateTimeOffset.Parse("2046-01-01", CultureInfo.InvariantCulture));
        _certificates.Add(certificate);
        return certificate;
    }

    /// <summary>Proves everybody to be one user.</summary>
    private sealed class Proves(string? userName) : IAuthenticator
    {
        public ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken) =>
            new(new AuthenticationResult(ReasonCode.Success, userName));
    }

    private sealed record Posing(TestBroker Broker, PosingListener Listener) : IAsyncDisposable
    {
        private readonly List<WireClient> _clients = [];

        internal BrokerCore Core => Broker.Broker.Core;

        internal async Task<WireClient> OpenAsync(ProtocolVersion version = ProtocolVersion.Mqtt50)
        {
            var client = new WireClient(await Listener.ConnectAsync(), version);
            _clients.Add(client);
            return client;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var client in _clients) await client.DisposeAsync();
            await Broker.DisposeAsync();
        }
    }
}
