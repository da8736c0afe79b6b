using System.Text;
using Nightjar.Broker.Security.Passwords;
using Xunit;

namespace Nightjar.Broker.Tests.Security.Passwords;

/// <summary>The memory of verified passwords: exact, bounded, and not for passwords that are long.</summary>
public sealed class VerifiedPasswordsTests
{
    private static readonly PasswordEntry Entry = new("user", PasswordHash.Make("x"u8, PasswordHashForm.Pbkdf2, 2));

    [Fact]
    public void Contains_OfWhatWasAdded_IsTrueForThatAlone()
    {
        var verified = new VerifiedPasswords();
        verified.Add(VerifiedPasswords.TagOf(Entry, "secret"u8));

        Assert.True(verified.Contains(VerifiedPasswords.TagOf(Entry, "secret"u8)));
        Assert.False(verified.Contains(VerifiedPasswords.TagOf(Entry, "secre"u8)));
        Assert.False(verified.Contains(VerifiedPasswords.TagOf(Entry with { UserName = "other" }, "secret"u8)));
        Assert.False(verified.Contains(VerifiedPasswords.TagOf(Entry with { Hash = PasswordHash.Make("x"u8, PasswordHashForm.Pbkdf2, 2) }, "secret"u8)));
        Assert.False(new VerifiedPasswords().Contains(VerifiedPasswords.TagOf(Entry, "secret"u8)));
    }

    [Fact]
    public void TagOf_PartsThatTogetherReadTheSame_Differ() =>
        Assert.NotEqual(
            VerifiedPasswords.TagOf(Entry, Encoding.ASCII.GetBytes("b")),
            VerifiedPasswords.TagOf(Entry with { UserName = "userb" }, ""u8));

    [Fact]
    public void Add_OfMoreThanItHolds_KeepsTheBound()
    {
        var verified = new VerifiedPasswords(capacity: 64);
        for (var i = 0; i < 5_000; i++)
        {
            var tag = VerifiedPasswords.TagOf(Entry, Encoding.ASCII.GetBytes($"p{i}"));
            verified.Add(tag);
            Assert.True(verified.Contains(tag));
        }

        Assert.Equal(64, verified.Count);
    }

    [Fact]
    public void Add_OfTheSameTwice_TakesOnePlace()
    {
        var verified = new VerifiedPasswords();
        for (var i = 0; i < 10; i++) verified.Add(VerifiedPasswords.TagOf(Entry, "secret"u8));

        Assert.Equal(1, verified.Count);
    }

    [Fact]
    public void TagOf_AVeryLongPassword_IsNone()
    {
        Assert.NotNull(VerifiedPasswords.TagOf(Entry, new byte[4096]));
        Assert.Null(VerifiedPasswords.TagOf(Entry, new byte[4097]));
    }
}
