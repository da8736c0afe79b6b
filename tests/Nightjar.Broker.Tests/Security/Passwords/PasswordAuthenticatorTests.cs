using System.Net;
using System.Text;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.Passwords;
using Nightjar.Protocol;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Broker.Tests.Security.Passwords;

/// <summary>Who a password file lets in: table 1.2 of the specification, what stays after a reload, and what it costs.</summary>
public sealed class PasswordAuthenticatorTests
{
    private static readonly PasswordFile Users = PasswordFile.Parse(
        [PasswordSamples.Line("roger", "password"), PasswordSamples.Line("größe", "pässword"), PasswordSamples.Line("empty", "")], "f");

    private readonly HashQueue _queue = new(1, 64, TimeSpan.FromSeconds(8), TimeProvider.System);

    [Theory]
    [InlineData(true, null, null, true)]
    [InlineData(true, "roger", "password", true)]
    [InlineData(true, "roger", "wrong", false)]
    [InlineData(true, "nobody", "password", false)]
    [InlineData(true, "roger", null, false)]
    [InlineData(true, null, "password", true)]
    [InlineData(true, "", "", false)]
    [InlineData(true, "", null, false)]
    [InlineData(false, null, null, false)]
    [InlineData(false, null, "password", false)]
    [InlineData(false, "roger", "password", true)]
    [InlineData(false, "roger", "wrong", false)]
    [InlineData(false, "roger", "", false)]
    [InlineData(false, "roger", null, false)]
    [InlineData(false, "nobody", "password", false)]
    [InlineData(false, "ROGER", "password", false)]
    [InlineData(false, "größe", "pässword", true)]
    [InlineData(false, "empty", "", true)]
    [InlineData(false, "empty", null, false)]
    public async Task Authenticate_WithAPasswordFile_FollowsTheTable(bool anonymousAllowed, string? userName, string? password, bool expected)
    {
        var result = await Authenticator().AuthenticateAsync(Request(userName, password, anonymousAllowed), default);

        Assert.Equal(expected ? ReasonCode.Success : ReasonCode.NotAuthorized, result.ReasonCode);
        if (expected) Assert.Equal(userName, result.UserName);
    }

    [Theory]
    [InlineData(true, null, true)]
    [InlineData(true, "roger", true)]
    [InlineData(false, null, false)]
    [InlineData(false, "roger", false)]
    public async Task Authenticate_WithoutAPasswordFile_FollowsTheTable(bool anonymousAllowed, string? userName, bool expected)
    {
        var result = await AnonymousAuthenticator.Instance.AuthenticateAsync(Request(userName, "password", anonymousAllowed), default);

        Assert.Equal(expected ? ReasonCode.Success : ReasonCode.NotAuthorized, result.ReasonCode);
    }

    [Theory]
    [InlineData(IdentityProof.Certificate)]
    [InlineData(IdentityProof.PreSharedKey)]
    public async Task Authenticate_OfAUserThatTlsProved_AsksForNoPassword(IdentityProof proof)
    {
        foreach (IAuthenticator authenticator in new IAuthenticator[] { Authenticator(), AnonymousAuthenticator.Instance })
        {
            Assert.True((await authenticator.AuthenticateAsync(Request("device", null, false) with { Proof = proof }, default)).IsSuccess);
            Assert.False((await authenticator.AuthenticateAsync(Request(null, null, true) with { Proof = proof }, default)).IsSuccess);
            Assert.True(authenticator.IsStillAllowed(new Identity("c", "device", null), proof, null, anonymousAllowed: false));
        }
    }

    [Fact]
    public async Task Authenticate_OfAnUnknownUser_ComputesAHashOfTheSameCost()
    {
        var authenticator = Authenticator();

        await authenticator.AuthenticateAsync(Request("nobody", "password"), default);
        Assert.Equal(1, _queue.Computed);
        await authenticator.AuthenticateAsync(Request("roger", "wrong"), default);
        Assert.Equal(2, _queue.Computed);

        Assert.True(Users.TryGet("roger", out var roger));
        Assert.Equal((roger.Hash.Form, roger.Hash.Iterations), (Users.Dummy.Form, Users.Dummy.Iterations));
    }

    [Fact]
    public async Task Authenticate_AgainWithTheSamePassword_IsAnsweredAtOnceWithoutAHash()
    {
        var authenticator = Authenticator();
        Assert.True((await authenticator.AuthenticateAsync(Request("roger", "password"), default)).IsSuccess);

        var second = authenticator.AuthenticateAsync(Request("roger", "password"), default).AsTask();

        Assert.True(second.IsCompletedSuccessfully);
        Assert.True((await second).IsSuccess);
        Assert.Equal(1, _queue.Computed);
        Assert.False((await authenticator.AuthenticateAsync(Request("roger", "passwords"), default)).IsSuccess);
        Assert.Equal(2, _queue.Computed);
    }

    [Fact]
    public async Task Authenticate_AgainWithAWrongPassword_ComputesEachTime()
    {
        var authenticator = Authenticator();
        for (var i = 1; i <= 3; i++)
        {
            Assert.False((await authenticator.AuthenticateAsync(Request("roger", "wrong"), default)).IsSuccess);
            Assert.Equal(i, _queue.Computed);
        }
    }

    [Fact]
    public async Task Authenticate_WhenTheQueueIsFull_SaysServerBusy()
    {
        using var go = new ManualResetEventSlim();
        using var busy = new ManualResetEventSlim();
        var queue = new HashQueue(1, 1, TimeSpan.FromSeconds(8), TimeProvider.System)
        {
            Hashing = () =>
            {
                busy.Set();
                Assert.True(go.Wait(Wait.Guard));
            },
        };
        var authenticator = new PasswordAuthenticator(Users, queue, new VerifiedPasswords());
        var running = authenticator.AuthenticateAsync(Request("roger", "password"), default).AsTask();
        Assert.True(busy.Wait(Wait.Guard));
        var waiting = authenticator.AuthenticateAsync(Request("roger", "password"), default).AsTask();

        var third = await authenticator.AuthenticateAsync(Request("roger", "password"), default);

        Assert.Equal(ReasonCode.ServerBusy, third.ReasonCode);
        go.Set();
        Assert.True((await running).IsSuccess);
        Assert.True((await waiting).IsSuccess);
    }

    [Fact]
    public async Task IsStillAllowed_AfterAReload_KeepsWhoIsStillThereWithTheSameHash()
    {
        Assert.True(Users.TryGet("roger", out var roger));
        Assert.True(Users.TryGet("empty", out var empty));
        var result = await Authenticator().AuthenticateAsync(Request("roger", "password"), default);
        var same = Reloaded($"roger:{roger.Hash}", $"empty:{empty.Hash}");
        // The same password hashed anew is another hash: the old one may have been stolen.
        var changed = Reloaded(PasswordSamples.Line("roger", "password"));
        var removed = Reloaded($"empty:{empty.Hash}");
        var renamed = Reloaded($"roger2:{roger.Hash}");

        Assert.True(StillAllowed(same, "roger", result.Credential));
        Assert.False(StillAllowed(changed, "roger", result.Credential));
        Assert.False(StillAllowed(removed, "roger", result.Credential));
        Assert.False(StillAllowed(renamed, "roger", result.Credential));
        Assert.False(StillAllowed(same, "roger", null));
        Assert.False(StillAllowed(same, "roger", new object()));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void IsStillAllowed_OfAnAnonymousClient_FollowsTheListener(bool anonymousAllowed) =>
        Assert.Equal(anonymousAllowed, Authenticator().IsStillAllowed(new Identity("c", null, null), IdentityProof.Password, null, anonymousAllowed));

    [Fact]
    public async Task DomainAuthenticator_OfTwoDomains_AsksEachForItsOwnUsers()
    {
        var other = new PasswordAuthenticator(PasswordFile.Parse([PasswordSamples.Line("other", "password")], "g"), _queue, new VerifiedPasswords());
        var authenticator = new DomainAuthenticator(new Dictionary<string, IAuthenticator> { [""] = Authenticator(), ["1884"] = other });

        Assert.True((await authenticator.AuthenticateAsync(Request("roger", "password"), default)).IsSuccess);
        Assert.False((await authenticator.AuthenticateAsync(Request("other", "password"), default)).IsSuccess);
        var inDomain = await authenticator.AuthenticateAsync(Request("other", "password") with { SecurityDomain = "1884" }, default);
        Assert.True(inDomain.IsSuccess);
        Assert.False((await authenticator.AuthenticateAsync(Request("roger", "password") with { SecurityDomain = "1884" }, default)).IsSuccess);
        // Nobody serves this one: as a broker without a password file.
        Assert.False((await authenticator.AuthenticateAsync(Request("roger", "password") with { SecurityDomain = "x" }, default)).IsSuccess);
        Assert.True((await authenticator.AuthenticateAsync(Request(null, null, true) with { SecurityDomain = "x" }, default)).IsSuccess);

        Assert.True(authenticator.IsStillAllowed(new Identity("c", "other", null, "1884"), IdentityProof.Password, inDomain.Credential, false));
        Assert.False(authenticator.IsStillAllowed(new Identity("c", "other", null), IdentityProof.Password, inDomain.Credential, false));
    }

    private static AuthenticationRequest Request(string? userName, string? password, bool anonymousAllowed = false)
    {
        ReadOnlyMemory<byte>? bytes = password is null ? null : (ReadOnlyMemory<byte>?)Encoding.UTF8.GetBytes(password);
        return new AuthenticationRequest("c", userName, bytes, new IPEndPoint(IPAddress.Loopback, 1), anonymousAllowed);
    }

    private static bool StillAllowed(PasswordAuthenticator authenticator, string userName, object? credential) =>
        authenticator.IsStillAllowed(new Identity("c", userName, null), IdentityProof.Password, credential, anonymousAllowed: true);

    private PasswordAuthenticator Authenticator() => new(Users, _queue, new VerifiedPasswords());

    private PasswordAuthenticator Reloaded(params string[] lines) => new(PasswordFile.Parse(lines, "f"), _queue, new VerifiedPasswords());
}
