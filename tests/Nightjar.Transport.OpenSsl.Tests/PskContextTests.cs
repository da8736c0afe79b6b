using Nightjar.Transport.OpenSsl.Interop;
using Nightjar.Transport.OpenSsl.Keys;
using Xunit;

namespace Nightjar.Transport.OpenSsl.Tests;

public sealed class PskContextTests
{
    [Theory]
    [InlineData("no-such-suite", "Check cipher list \"no-such-suite\"")]
    [InlineData("ECDHE-RSA-AES256-GCM-SHA384", "no suite for pre-shared keys")]
    [InlineData("RSA-PSK-AES256-GCM-SHA384", "no suite for pre-shared keys")]
    public void Ciphers_ThatCannotWork_AreRefused(string ciphers, string message)
    {
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => Server(ciphers: ciphers)).Message, StringComparison.Ordinal);
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => Client("sensor", ciphers)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Hint_TooLong_IsRefused() => Assert.Contains(
        "psk_hint", Assert.Throws<ArgumentException>(() => Server(hint: new string('h', 257))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(0)]
    [InlineData(257)]
    public void Identity_OfALengthThatCannotBe_IsRefused(int length)
    {
        Assert.Throws<ArgumentException>(() => Client(new string('i', length == 0 ? 0 : length - 1), null));
        Assert.Throws<ArgumentException>(() => Server(identity: new string('i', length)));
    }

    [Fact]
    public void MissingLibrary_InWords_NamesThePackage() =>
        Assert.Contains("libssl3 (Debian", OpenSslLibrary.Missing("libssl.so.3"), StringComparison.Ordinal);

    private static void Server(string identity = "sensor", string? hint = null, string? ciphers = null) =>
        new PskServerContext(new PskServerOptions { Keys = new Dictionary<string, PskKey> { [identity] = new([1]) }, Hint = hint, Ciphers = ciphers }).Dispose();

    private static void Client(string identity, string? ciphers) =>
        new PskClientContext(new PskClientOptions { Identity = identity, Key = new PskKey([1]), Ciphers = ciphers }).Dispose();
}
