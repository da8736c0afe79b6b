using System.Text;
using Nightjar.Broker.Security.Passwords;
using Xunit;

namespace Nightjar.Broker.Tests.Security.Passwords;

/// <summary>The forms of a hashed password: those Mosquitto writes are verified, those it could not read are refused with a reason.</summary>
public sealed class PasswordHashTests
{
    private const string Salt = "034ijzzAEqvjca2B";
    private const string Key = "pcpNV1NlrH1TzaStxN1ZotNliarnrLrhJHzDQTIY1N9zFtRqu/ygqPg4YNEPzHaxe5TnLwtPPgZpNA2t/tZrXg==";

    [Theory]
    [InlineData("pbkdf2_1000", PasswordHashForm.Pbkdf2)]
    [InlineData("pbkdf2_210000", PasswordHashForm.Pbkdf2)]
    [InlineData("sha512_user", PasswordHashForm.Sha512)]
    [InlineData("from_2_0", PasswordHashForm.Pbkdf2)]
    [InlineData("argon_user", PasswordHashForm.Argon2id)]
    public void Verify_OfWhatMosquittoWrote_TakesItsPasswordOnly(string user, PasswordHashForm form)
    {
        if (form == PasswordHashForm.Argon2id && !PasswordHash.IsArgon2Available) return;
        var text = PasswordSamples.Lines().Single(line => line.StartsWith(user + ":", StringComparison.Ordinal))[(user.Length + 1)..];

        Assert.True(PasswordHash.TryParse(text, out var hash, out _));

        Assert.Equal(form, hash.Form);
        Assert.Equal(text, hash.ToString());
        Assert.True(hash.Verify("password"u8));
        Assert.False(hash.Verify("Password"u8));
        Assert.False(hash.Verify(""u8));
        Assert.False(hash.Verify("password\0x"u8));
    }

    [Theory]
    [InlineData(PasswordHashForm.Sha512, 0, "$6$")]
    [InlineData(PasswordHashForm.Pbkdf2, 7, "$7$7$")]
    [InlineData(PasswordHashForm.Argon2id, 0, "$argon2id$v=19$m=47104,t=1,p=1$")]
    public void Make_OfAPassword_IsReadAndVerified(PasswordHashForm form, int iterations, string prefix)
    {
        if (form == PasswordHashForm.Argon2id && !PasswordHash.IsArgon2Available) return;
        var password = Encoding.UTF8.GetBytes("pässwörd:$✓");

        var first = PasswordHash.Make(password, form, iterations);
        var second = PasswordHash.Make(password, form, iterations);

        Assert.StartsWith(prefix, first.ToString(), StringComparison.Ordinal);
        Assert.NotEqual(first, second);
        Assert.True(PasswordHash.TryParse(first.ToString(), out var read, out _));
        Assert.Equal(first, read);
        Assert.True(read.Verify(password));
        Assert.False(read.Verify("password"u8));
    }

    [Fact]
    public void Make_WithoutIterations_TakesTheDefault() => Assert.Equal(210_000, PasswordHash.Make("x"u8).Iterations);

    [Theory]
    [InlineData(-1)]
    [InlineData(10_000_001)]
    public void Make_WithIterationsOutOfRange_IsRefused(int iterations) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => PasswordHash.Make("x"u8, PasswordHashForm.Pbkdf2, iterations));

    [Theory]
    [InlineData("")]
    [InlineData("password")]
    [InlineData("$")]
    [InlineData("$8$1$" + Salt + "$" + Key)]
    [InlineData("$6$" + Salt)]
    [InlineData("$6$" + Salt + "$")]
    [InlineData("$6$$" + Key)]
    [InlineData("$6$" + Salt + "$" + Key + "$")]
    [InlineData("$7$" + Salt + "$" + Key)]
    [InlineData("$7$0$" + Salt + "$" + Key)]
    [InlineData("$7$-1$" + Salt + "$" + Key)]
    [InlineData("$7$ 5$" + Salt + "$" + Key)]
    [InlineData("$7$5x$" + Salt + "$" + Key)]
    [InlineData("$7$10000001$" + Salt + "$" + Key)]
    [InlineData("$7$99999999999999999999$" + Salt + "$" + Key)]
    [InlineData("$7$5$AAAA$" + Key)]
    [InlineData("$7$5$034ijzzAEqvjca2$" + Key)]
    [InlineData("$7$5$" + Salt + "$AAAA")]
    [InlineData("$7$5$" + Salt + "$!!!!")]
    [InlineData("$argon2id$v=19$m=47104,t=1,p=1$c2FsdA$AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$argon2id$v=19$m=47104,t=1,p=1$c2l4dGVlbiBieXRlIHNhbHQ$AAAA")]
    [InlineData("$argon2id$v=19$m=47104,t=1,p=1$c2l4dGVlbiBieXRlIHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$argon2id$v=20$m=47104,t=1,p=1$c2l4dGVlbiBieXRlIHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$argon2id$v=19$m=2000000,t=1,p=1$c2l4dGVlbiBieXRlIHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$argon2id$v=19$m=1048576,t=5,p=1$c2l4dGVlbiBieXRlIHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$argon2id$v=19$m=47104,t=0,p=1$c2l4dGVlbiBieXRlIHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$argon2id$v=19$m=47104,t=100,p=1$c2l4dGVlbiBieXRlIHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$argon2id$v=19$m=47104,t=1,p=1000$c2l4dGVlbiBieXRlIHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$argon2id$v=19$m=4,t=1,p=1$c2l4dGVlbiBieXRlIHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$argon2id$v=19$t=1,m=47104,p=1$c2l4dGVlbiBieXRlIHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("$argon2i$v=19$m=47104,t=1,p=1$c2l4dGVlbiBieXRlIHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")]
    public void TryParse_OfWhatIsNoHash_SaysWhyWithoutQuotingIt(string text)
    {
        Assert.False(PasswordHash.TryParse(text, out var hash, out var error));

        Assert.Null(hash);
        Assert.NotEmpty(error);
        if (text.Length > 20) Assert.DoesNotContain(text[^10..], error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryParse_OfAVeryLongText_IsRefusedUnread()
    {
        Assert.False(PasswordHash.TryParse("$6$" + new string('A', 1 << 20), out _, out var error));

        Assert.Contains("1024", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TryParse_OfTheArgon2ToolsShorterHash_IsVerified()
    {
        if (!PasswordHash.IsArgon2Available) return;

        // From the test suite of the reference implementation: password, somesalt, 64 MiB, two passes, 32 bytes.
        Assert.True(PasswordHash.TryParse("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", out var hash, out _));

        Assert.True(hash.Verify("password"u8));
        Assert.False(hash.Verify("Password"u8));
    }

    [Fact]
    public void MakeDummy_OfAHash_CostsTheSameAndFitsNothing()
    {
        var hash = PasswordHash.Make("password"u8, PasswordHashForm.Pbkdf2, 77);

        var dummy = hash.MakeDummy();

        Assert.Equal((hash.Form, hash.Iterations, hash.Salt.Length, hash.Hash.Length), (dummy.Form, dummy.Iterations, dummy.Salt.Length, dummy.Hash.Length));
        Assert.False(dummy.Verify("password"u8));
        Assert.NotEqual(hash, dummy);
    }
}
