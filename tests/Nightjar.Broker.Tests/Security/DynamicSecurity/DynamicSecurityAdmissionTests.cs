using System.Net;
using System.Text;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.DynamicSecurity;
using Nightjar.Broker.Security.Passwords;
using Nightjar.Broker.Tests.Conformance;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Security.DynamicSecurity;

/// <summary>Who dynamic security lets in, and who has to go after a change.</summary>
public sealed class DynamicSecurityAdmissionTests
{
    private static readonly PasswordHash s_password = PasswordHash.Make("secret"u8, PasswordHashForm.Sha512);
    private static readonly PasswordHash s_other = PasswordHash.Make("other"u8, PasswordHashForm.Sha512);

    [Theory]
    [InlineData("bob", "secret", "c", 0)]
    [InlineData("bob", "wrong", "c", 0x87)]
    [InlineData("bob", null, "c", 0x87)]
    [InlineData("nobody", "secret", "c", 0x87)]
    [InlineData("open", "", "c", 0x87)]
    [InlineData("open", null, "c", 0x87)]
    [InlineData("off", "secret", "c", 0x87)]
    [InlineData("bound", "secret", "its", 0)]
    [InlineData("bound", "secret", "another", 0x87)]
    [InlineData(null, null, "c", 0)]
    public async Task Authenticate_ByDynamicSecurityAlone_AnswersAsMosquitto(string? userName, string? password, string clientId, int code)
    {
        var result = await Authenticate(World().Service.CreateAuthenticator(), userName, password, clientId);
        Assert.Equal((ReasonCode)code, result.ReasonCode);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("nobody")]
    public async Task Authenticate_WhoIsNotKnown_NeedsTheListenersLeaveAndNoName(string? userName)
    {
        var result = await Authenticate(World().Service.CreateAuthenticator(), userName, "x", "c", anonymous: false);
        Assert.Equal(ReasonCode.NotAuthorized, result.ReasonCode);
    }

    [Theory]
    [InlineData("carol", "hers", 0)]
    [InlineData("carol", "wrong", 0x87)]
    [InlineData("open", "file", 0)]
    [InlineData("bob", "file", 0x87)]
    [InlineData("bob", "secret", 0)]
    [InlineData("nobody", "x", 0x87)]
    public async Task Authenticate_WithAPasswordFileBehind_AsksItForWhomDynamicSecurityCannotJudge(string userName, string password, int code)
    {
        var file = PasswordFile.Parse(
            [$"carol:{PasswordHash.Make("hers"u8, PasswordHashForm.Sha512)}", $"open:{PasswordHash.Make("file"u8, PasswordHashForm.Sha512)}", $"bob:{PasswordHash.Make("file"u8, PasswordHashForm.Sha512)}"], "p");
        var result = await Authenticate(World().Service.CreateAuthenticator(new PasswordAuthenticator(file)), userName, password, "c");
        Assert.Equal((ReasonCode)code, result.ReasonCode);
    }

    [Theory]
    [InlineData("bob", "c", 0)]
    [InlineData("open", "c", 0)]
    [InlineData("off", "c", 0x87)]
    [InlineData("bound", "another", 0x87)]
    [InlineData("bound", "its", 0)]
    [InlineData("nobody", "c", 0)]
    public async Task Authenticate_ByCertificate_AsksForNoPasswordAndStillForTheRest(string userName, string clientId, int code)
    {
        foreach (var proof in (IdentityProof[])[IdentityProof.Certificate, IdentityProof.PreSharedKey])
        {
            var result = await Authenticate(World().Service.CreateAuthenticator(), userName, null, clientId, proof: proof);
            Assert.Equal((ReasonCode)code, result.ReasonCode);
        }
    }

    [Fact]
    public async Task Change_OfAClient_DisconnectsWhoWouldNotBeLetInNow()
    {
        var world = World();
        await using var broker = await StartAsync(world);
        Func<DynamicClient, DynamicClient?>[] changes =
        [
            _ => null,
            bob => bob with { IsDisabled = true },
            bob => bob with { Password = s_other },
            bob => bob with { Password = null },
            bob => bob with { ClientId = "other" },
        ];
        var original = world.State.Clients["bob"];
        foreach (var apply in changes)
        {
            var client = await ConnectAsync(broker, "c", "bob", "secret");
            var eve = await ConnectAsync(broker, "e", "eve", "secret");
            world.SetClient("bob", apply);
            await client.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);
            await eve.ExpectNothingAsync();
            await eve.DisconnectAsync();
            world.Replace(world.State with { Clients = world.State.Clients.SetItem("bob", original) }, new DynamicSecurityChange { Clients = ["bob"] });
        }
    }

    // By AUTH, a method vouches for user "u", and no password or credential is there to be compared.
    [Theory]
    [InlineData("deleted")]
    [InlineData("disabled")]
    [InlineData("another client id")]
    public async Task Change_OfAClientThatCameByAnAuthenticationMethod_DisconnectsWhoWouldNotBeLetInNow(string change)
    {
        var world = World();
        await using var broker = await StartAsync(world, methods: [new ChallengeMethod()]);
        var eve = await ConnectAsync(broker, "e", "eve", "secret");
        var client = await ConnectByMethodAsync(broker, "c");
        Assert.Equal(0, client.ConnAck[3]);
        world.SetClient("u", user => user with { Password = s_other, TextName = "U" });
        await client.ExpectNothingAsync();
        world.SetClient("u", user => change switch
        {
            "deleted" => null,
            "disabled" => user with { IsDisabled = true },
            _ => user with { ClientId = "another" },
        });
        await client.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);
        await eve.ExpectNothingAsync();
        // Who is kept out stays out; whom nobody knows the method may let in, without rights.
        Assert.Equal(change == "deleted" ? 0 : 0x87, (await ConnectByMethodAsync(broker, "c")).ConnAck[3]);
    }

    [Fact]
    public async Task Delete_OfAClientThatCameByCertificate_DisconnectsIt()
    {
        var world = World();
        await using var broker = await TestBroker.StartAsync(
            Options(), authenticator: new ProvenAuthenticator(world.Service.CreateAuthenticator()), authorizer: world.Service.CreateAuthorizer());
        var client = await ConnectAsync(broker, "c", "open", null);
        world.SetClient("open", open => open with { TextName = "Open" });
        await client.ExpectNothingAsync();
        world.SetClient("open", _ => null);
        await client.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);
    }

    [Fact]
    public async Task Change_ThatLeavesAClientItsAdmission_LeavesItsConnection()
    {
        var world = World();
        await using var broker = await StartAsync(world);
        var client = await ConnectAsync(broker, "c", "bob", "secret");
        world.SetClient("bob", bob => bob with { TextName = "Bob", Roles = [] });
        world.SetClient("bob", bob => bob with { ClientId = "c" });
        world.SetClient("eve", _ => null);
        world.SetRules("publishClientSend deny #");
        await client.ExpectNothingAsync();
        Assert.Equal(1, broker.Broker.ConnectionCount);
    }

    [Fact]
    public async Task Change_WithdrawnPasswordOfAPasswordFileUser_LeavesWhoCameByTheFile()
    {
        var world = World();
        var file = PasswordFile.Parse([$"open:{PasswordHash.Make("file"u8, PasswordHashForm.Sha512)}"], "p");
        await using var broker = await StartAsync(world, next: new PasswordAuthenticator(file));
        var client = await ConnectAsync(broker, "c", "open", "file");
        world.SetClient("open", open => open with { TextName = "Open" });
        await client.ExpectNothingAsync();
        world.SetClient("open", open => open with { Password = s_password });
        await client.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);
    }

    [Fact]
    public async Task Change_OfAClientThatIsBeingLetIn_IsNotMissed()
    {
        var world = World();
        var slow = new GatedAuthenticator(world.Service.CreateAuthenticator());
        await using var broker = await TestBroker.StartAsync(Options(), authenticator: slow, authorizer: world.Service.CreateAuthorizer());
        var client = await broker.OpenAsync();
        await client.SendAsync(WirePackets.Connect(ProtocolVersion.Mqtt50, "c", userName: "bob", password: Encoding.UTF8.GetBytes("secret")));
        await slow.Decided;
        // The password was right a moment ago; nothing has been told to the client yet.
        world.SetClient("bob", bob => bob with { IsDisabled = true });
        slow.Release();
        var connAck = await client.ReceiveAsync();
        Assert.Equal(0, connAck[3]);
        await client.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);
    }

    [Fact]
    public async Task Kick_OfAClientWithAWill_DoesNotPublishIt()
    {
        var world = World();
        await using var broker = await StartAsync(world);
        var reader = await ConnectAsync(broker, "r", "eve", "secret");
        await reader.SubscribeAsync("w");
        var client = await ConnectAsync(broker, "c", "bob", "secret", new TestWill("w", "gone", QualityOfService.AtMostOnce));
        world.SetClient("bob", bob => bob with { Password = s_other });
        await client.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);
        await broker.WaitForConnectionsAsync(1);
        await reader.ExpectNothingAsync();
    }

    [Fact]
    public async Task Strict_EveryChange_KicksWhomItConcernsAtTheNextTick()
    {
        var world = World();
        await using var broker = await StartAsync(world, strict: true);
        var eve = await ConnectAsync(broker, "e", "eve", "secret");
        var nameless = await ConnectAsync(broker, "n", null, null);
        var reader = await ConnectAsync(broker, "r", "reader", "secret");
        await reader.SubscribeAsync("w");

        var bob = await ConnectAsync(broker, "c", "bob", "secret", new TestWill("w", "gone", QualityOfService.AtMostOnce));
        world.SetRules("publishClientSend allow w", "publishClientSend allow x");
        await bob.ExpectNothingAsync();
        broker.Broker.Tick();
        await bob.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);

        world.SetRole("a", "publishClientSend allow y");
        broker.Broker.Tick();
        await nameless.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);

        await eve.ExpectNothingAsync();
        world.SetClient("eve", client => client with { TextName = "Eve" });
        broker.Broker.Tick();
        await eve.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);

        world.Replace(world.State with { DefaultAccess = new(true, true, true, true) }, new DynamicSecurityChange { DefaultAccess = true });
        broker.Broker.Tick();
        await reader.ExpectNothingAsync();
    }

    [Fact]
    public async Task Reload_WithoutDynamicSecurity_ChangesNothingForAnybodyAnyMore()
    {
        var world = World();
        await using var broker = await StartAsync(world);
        var client = await ConnectAsync(broker, "c", "bob", "secret");
        Assert.True(broker.Broker.Core.Environment.Gate.HasControl);
        await broker.Broker.ReloadAsync(Options());
        Assert.False(broker.Broker.Core.Environment.Gate.HasControl);
        var generation = broker.Broker.Core.Environment.Gate.Generation;
        world.SetClient("bob", _ => null);
        Assert.Equal(generation, broker.Broker.Core.Environment.Gate.Generation);
        await client.ExpectNothingAsync();
    }

    private static DynamicSecurityWorld World()
    {
        var world = new DynamicSecurityWorld("publishClientSend allow w");
        world.SetClient("bob", bob => bob with { Password = s_password });
        world.SetClient("eve", eve => eve with { Password = s_password });
        var clients = world.State.Clients
            .Add("open", new DynamicClient("open"))
            .Add("off", new DynamicClient("off") { Password = s_password, IsDisabled = true })
            .Add("bound", new DynamicClient("bound") { Password = s_password, ClientId = "its" })
            .Add("u", new DynamicClient("u"))
            .Add("reader", new DynamicClient("reader") { Password = s_password });
        world.Replace(
            world.State with { Clients = clients, DefaultAccess = new(false, true, true, true) },
            new DynamicSecurityChange { Everything = true });
        return world;
    }

    private static BrokerOptions Options(bool strict = false) => new() { SysInterval = TimeSpan.Zero, StrictCompatibility = strict };

    private static Task<TestBroker> StartAsync(DynamicSecurityWorld world, IAuthenticator? next = null, bool strict = false, IReadOnlyList<IAuthenticationMethod>? methods = null) =>
        TestBroker.StartAsync(Options(strict), authenticator: world.Service.CreateAuthenticator(next), authorizer: world.Service.CreateAuthorizer(), methods: methods);

    private static async Task<WireClient> ConnectByMethodAsync(TestBroker broker, string clientId)
    {
        var client = await broker.OpenAsync();
        var method = Bytes.Property(0x15, "CHALLENGE");
        await client.SendAsync(Bytes.Connect5(clientId, method));
        Assert.Equal(0xF0, (await client.ReceiveAsync())[0]);
        await client.SendAsync(Bytes.Packet(0xF0, [0x18], Bytes.Block(method + Bytes.Property(0x16, "right"))));
        client.ConnAck = await client.ReceiveAsync();
        return client;
    }


    private static async Task<WireClient> ConnectAsync(TestBroker broker, string clientId, string? userName, string? password, TestWill? will = null)
    {
        var client = await broker.OpenAsync();
        await client.SendAsync(WirePackets.Connect(
            ProtocolVersion.Mqtt50, clientId, userName: userName, will: will, password: password is null ? null : Encoding.UTF8.GetBytes(password)));
        client.ConnAck = await client.ReceiveAsync();
        Assert.Equal(0, client.ConnAck[3]);
        return client;
    }

    private static ValueTask<AuthenticationResult> Authenticate(
        IAuthenticator authenticator, string? userName, string? password, string clientId, bool anonymous = true, IdentityProof proof = IdentityProof.Password) =>
        authenticator.AuthenticateAsync(
            new AuthenticationRequest(
                clientId, userName, password is null ? (ReadOnlyMemory<byte>?)null : Encoding.UTF8.GetBytes(password), new IPEndPoint(IPAddress.Loopback, 1), anonymous, proof),
            CancellationToken.None);

    /// <summary>Takes every user name for one that a certificate has proved.</summary>
    private sealed class ProvenAuthenticator(IAuthenticator inner) : IAuthenticator
    {
        public ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken) =>
            inner.AuthenticateAsync(request with { Proof = IdentityProof.Certificate }, cancellationToken);

        public bool IsStillAllowed(Identity identity, IdentityProof proof, object? credential, bool anonymousAllowed) =>
            inner.IsStillAllowed(identity, IdentityProof.Certificate, credential, anonymousAllowed);
    }

    /// <summary>Keeps what it was told until the test says so.</summary>
    private sealed class GatedAuthenticator(IAuthenticator inner) : IAuthenticator
    {
        private readonly TaskCompletionSource _decided = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Task Decided => _decided.Task.WaitAsync(Nightjar.Testing.Wait.Guard);

        internal void Release() => _released.SetResult();

        public async ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken)
        {
            var result = await inner.AuthenticateAsync(request, cancellationToken);
            _decided.SetResult();
            await _released.Task;
            return result;
        }

        public bool IsStillAllowed(Identity identity, IdentityProof proof, object? credential, bool anonymousAllowed) =>
            inner.IsStillAllowed(identity, proof, credential, anonymousAllowed);
    }
}
