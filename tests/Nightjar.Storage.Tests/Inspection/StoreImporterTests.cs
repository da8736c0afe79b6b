using Nightjar.Storage.Inspection;
using Nightjar.Storage.Mosquitto;
using Nightjar.Storage.Tests.Mosquitto;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Storage.Tests.Inspection;

/// <summary>What Mosquitto kept is in our store after an import, all of it, or nothing is.</summary>
public sealed class StoreImporterTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("nightjar-import-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Target => Path.Combine(_folder, "nightjar.db");

    [Theory]
    [InlineData("mosquitto-2.0.db", 4)]
    [InlineData("mosquitto-2.1.db", 4)]
    [InlineData("mosquitto-2.1.sqlite3", 5)]
    public async Task Sample_IsImported_Completely(string name, int subscriptions)
    {
        var result = await StoreImporter.RunAsync(SampleTests.Sample(name), Target, time: _time);

        Assert.True(result.LeftOut.IsNothing);
        Assert.Equal((3, subscriptions, 9, 15, 5), ((int)result.Imported.Sessions, (int)result.Imported.Subscriptions, (int)result.Imported.Messages, (int)result.Imported.Deliveries, (int)result.Imported.Retained));
        using var view = StoreView.Open(Target, _time);
        Assert.Equal("store of Nightjar, format 1", view.Format);
        Assert.Equal(Description.Of(SampleTests.Sample(name), _time).Text, Description.Of(view.Content).Text);
        var summary = view.Survey(checksPages: true);
        Assert.Empty(summary.Problems);
        Assert.Equal(result.Imported.MessageBytes, summary.Counts.MessageBytes);
        Assert.Equal(result.Imported.RetainedBytes, summary.Counts.RetainedBytes);
        Assert.Equal([new SessionBacklog("durable-v311", 7), new SessionBacklog("durable-v5", 6), new SessionBacklog("durable-v5-hour", 2)], summary.Longest);
        Assert.Equal(["nightjar.db"], Directory.GetFiles(_folder).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task EveryFormat_IsImported_WithStatesAndPacketIds(int format)
    {
        using var source = new TemporaryFile(FormatTests.Full(format));
        await StoreImporter.RunAsync(source.Path, Target, time: _time);
        using var view = StoreView.Open(Target, _time);
        Assert.Equal(Description.Of(source.Path, _time).Text, Description.Of(view.Content).Text);
        Assert.Empty(view.Survey(checksPages: true).Problems);
    }

    [Fact]
    public async Task WhatHasExpired_IsLeftOutAndCounted()
    {
        // Two days after the samples were written: the session of an hour and the message of a day are over.
        _time.JumpWallClock(DateTimeOffset.FromUnixTimeSeconds(1795184121 + 172_800) - _time.GetUtcNow());
        var result = await StoreImporter.RunAsync(SampleTests.Sample("mosquitto-2.0.db"), Target, time: _time);
        Assert.Equal((2, 13, 5), ((int)result.Imported.Sessions, (int)result.Imported.Deliveries, (int)result.Imported.Retained));
        Assert.Equal((1, 2), ((int)result.LeftOut.Sessions, (int)result.LeftOut.DeliveriesOfSessions));
        Assert.Equal(["durable-v5-hour"], result.LeftOut.SessionNames);
        using var view = StoreView.Open(Target, _time);
        Assert.DoesNotContain("hour", Description.Of(view.Content).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MessageThatHasExpired_IsLeftOut_AndItsSessionIsNot()
    {
        var writer = new DatabaseWriter(6);
        writer.Configuration();
        writer.Message(1, "t", "over", 1, expires: 1000);
        writer.Message(2, "t", "stays", 1);
        writer.Message(3, "r", "over", 1, retain: true, expires: 1000);
        writer.Session("c");
        writer.Delivery("c", 1, 1, 1, 11);
        writer.Delivery("c", 2, 2, 1, 11);
        writer.Retained(3);
        using var source = new TemporaryFile(writer.Bytes);
        var result = await StoreImporter.RunAsync(source.Path, Target, time: _time);
        Assert.Equal((1, 1, 0), ((int)result.LeftOut.Deliveries, (int)result.LeftOut.Retained, (int)result.LeftOut.Sessions));
        using var view = StoreView.Open(Target, _time);
        Assert.Equal(["c 2 qos=1 retain=False Queued 0 [t = stays q1]"], Description.Of(view.Content).Deliveries);
    }

    [Fact]
    public async Task ManyLargeMessages_AreImported_WithoutOverrunningTheStore()
    {
        var writer = new DatabaseWriter(6);
        writer.Configuration();
        writer.Session("c");
        var text = new string('x', 200_000);
        for (var id = 1; id <= 300; id++) writer.Message(id, "t", text, 1);
        for (var id = 1; id <= 300; id++) writer.Delivery("c", id, (ushort)id, 1, 11);
        using var source = new TemporaryFile(writer.Bytes);
        var result = await StoreImporter.RunAsync(source.Path, Target, time: _time);
        Assert.Equal(300, result.Imported.Queued);
        using var view = StoreView.Open(Target, _time);
        Assert.Equal(300 * 200_001, view.Survey().Counts.MessageBytes);
    }

    [Fact]
    public async Task DamagedSource_LeavesNothingBehind()
    {
        var whole = FormatTests.Full(6);
        using var source = new TemporaryFile(whole[..^5]);
        await Assert.ThrowsAsync<StoreFileException>(() => StoreImporter.RunAsync(source.Path, Target, time: _time));
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task StoreThatIsThere_IsRefused_OrPutAside()
    {
        await StoreImporter.RunAsync(SampleTests.Sample("mosquitto-2.0.db"), Target, time: _time);
        var before = await File.ReadAllBytesAsync(Target);
        var refusal = await Assert.ThrowsAsync<IOException>(() => StoreImporter.RunAsync(SampleTests.Sample("mosquitto-2.1.db"), Target, time: _time));
        Assert.Contains("--replace", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(Target));

        await StoreImporter.RunAsync(SampleTests.Sample("mosquitto-2.1.sqlite3"), Target, replace: true, _time);
        using (var aside = StoreView.Open(Target + ".before-import", _time)) Assert.Equal(4, aside.Survey().Counts.Subscriptions);
        using (var view = StoreView.Open(Target, _time)) Assert.Equal(5, view.Survey().Counts.Subscriptions);
        Assert.Equal(2, Directory.GetFiles(_folder).Length);
    }

    [Fact]
    public async Task StoreInUse_IsNeitherLookedAtNorReplaced()
    {
        await using var store = SqliteStore.Open(new Storage.Sqlite.SqliteStoreOptions { Path = Target });
        var look = Assert.ThrowsAny<IOException>(() => StoreView.Open(Target, _time).Survey()).Message;
        Assert.True(look.Contains("in use", StringComparison.Ordinal), look);
        var refusal = await Assert.ThrowsAnyAsync<IOException>(() => StoreImporter.RunAsync(SampleTests.Sample("mosquitto-2.0.db"), Target, replace: true, _time));
        Assert.Contains("in use", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StoreOfOurs_IsNoSource()
    {
        await StoreImporter.RunAsync(SampleTests.Sample("mosquitto-2.0.db"), Target, time: _time);
        var refusal = await Assert.ThrowsAsync<IOException>(() => StoreImporter.RunAsync(Target, Target + "2", time: _time));
        Assert.Contains("a store of Nightjar already", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StoreWhoseBrokerWasKilled_IsLookedAt_AndNotChanged()
    {
        await StoreImporter.RunAsync(SampleTests.Sample("mosquitto-2.0.db"), Target, time: _time);
        var store = SqliteStore.Open(new Storage.Sqlite.SqliteStoreOptions { Path = Target });
        var clock = new Broker.Limits.BrokerClock(_time);
        var stores = store.Open(clock);
        var claim = await stores.Sessions.ClaimAsync("another", CancellationToken.None);
        stores.Sessions.Save(claim, new Broker.Persistence.SessionRecord("another", null, uint.MaxValue, 5));
        await store.CheckpointAsync();
        stores.Sessions.AddSubscription(claim, "only/in/the/log"u8, 1, 0);
        var ticket = stores.Sessions.AddSubscription(claim, "only/in/the/log/2"u8, 1, 0);
        await Wait.UntilAsync(() => stores.Messages.DurableTicket >= ticket, "the commit");
        store.Abandon();
        Assert.True(new FileInfo(Target + "-wal").Length > 0);
        string[] before = [.. Directory.GetFiles(_folder).Order(StringComparer.Ordinal).Select(file => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file))))];

        using (var view = StoreView.Open(Target, _time))
        {
            Assert.Contains("another only/in/the/log/2 1 0", Description.Of(view.Content).Subscriptions);
            Assert.Empty(view.Survey(checksPages: true).Problems);
        }

        Assert.Equal(before, Directory.GetFiles(_folder).Order(StringComparer.Ordinal).Select(file => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))));
    }
}
