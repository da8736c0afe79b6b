using System.Text;
using Nightjar.Broker.Persistence;
using Nightjar.Protocol;
using Nightjar.Storage.Sqlite;
using Nightjar.Storage.Sqlite.Interop;
using Xunit;

namespace Nightjar.Storage.Tests.Sqlite;

/// <summary>Files that do not hold what was written.</summary>
public sealed class StoreDamageTests : IDisposable
{
    private const int Count = 2000;
    private readonly TemporaryStore _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task File_OfGarbage_IsRefused_AndPutAsideWhenToldToRecover()
    {
        var garbage = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("this is no database. ", 500)));
        File.WriteAllBytes(_files.Path, garbage);
        var error = Assert.ThrowsAny<IOException>(_files.Open);
        Assert.Contains("persistence_recover", error.Message, StringComparison.Ordinal);
        Assert.Equal(garbage, File.ReadAllBytes(_files.Path));
        await using var store = SqliteStore.Open(_files.Options with { Recover = true });
        Assert.Equal(garbage, File.ReadAllBytes(_files.Path + ".damaged"));
        Assert.Contains(store.Notices, notice => notice.Contains("is empty", StringComparison.Ordinal));
        store.Open(StoreSpeaker.Clock());
    }

    [Fact]
    public async Task Page_OfGarbage_IsRefused_AndCostsOnlyItsRowsWhenToldToRecover()
    {
        await FillAsync();
        const int page = 4096;
        // Somewhere in the middle of the messages and deliveries.
        using (var file = new FileStream(_files.Path, FileMode.Open))
        {
            file.Position = file.Length / page / 2 * page;
            file.Write(Enumerable.Repeat((byte)0xEE, page).ToArray());
        }

        var error = Assert.ThrowsAny<IOException>(Recover);
        Assert.Contains("damaged", error.Message, StringComparison.Ordinal);
        Assert.Contains("persistence_recover", error.Message, StringComparison.Ordinal);
        await using var store = SqliteStore.Open(_files.Options with { Recover = true });
        Assert.NotEmpty(store.Notices);
        var sink = new StateDescription();
        store.Open(StoreSpeaker.Clock()).Recovery!.Recover(sink);
        var left = sink.Text.Split('\n').Count(line => line.StartsWith("delivery", StringComparison.Ordinal));
        Assert.InRange(left, Count / 2, Count - 1);
    }

    [Fact]
    public async Task Message_ThatFailsItsSum_IsRefused_AndLeftOutWhenToldToRecover()
    {
        await FillAsync();
        using (var file = new SqliteConnection(_files.Path)) file.Execute("UPDATE message SET body=CAST(substr(body, 1, 20) || x'00' || substr(body, 22) AS BLOB) WHERE id=7");
        var error = Assert.ThrowsAny<IOException>(Recover);
        Assert.Contains("message 7 fails its check sum", error.Message, StringComparison.Ordinal);
        await using var store = SqliteStore.Open(_files.Options with { Recover = true });
        Assert.Contains(store.Notices, notice => notice.Contains("message: 1 rows left out", StringComparison.Ordinal));
        Assert.Equal(Count - 1, await store.CountAsync("delivery"));
        Assert.Equal(Count - 1, await store.CountAsync("message"));
    }

    [Fact]
    public async Task Message_ThatFailsItsSum_IsPassedOverInAPage_AndTold()
    {
        await FillAsync();
        using (var file = new SqliteConnection(_files.Path)) file.Execute("UPDATE message SET body=x'0102030405060708090A0B0C' WHERE id=3");
        var notices = new List<string>();
        await using var store = SqliteStore.Open(_files.Options with { Notice = notices.Add });
        var stores = store.Open(StoreSpeaker.Clock());
        var page = await PageCollector.LoadAsync(stores, await stores.Sessions.ClaimAsync("s", CancellationToken.None), -1, maximumCount: 4);
        Assert.Equal([1, 2, 4, 5], page.Numbers);
        Assert.Equal((5, false), (page.LastNumber, page.IsFailed));
        Assert.Contains("message 3 fails its check sum", Assert.Single(notices), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recovery_OfAStoreThatIsWhole_ChangesNothing()
    {
        await FillAsync();
        await using var store = SqliteStore.Open(_files.Options with { Recover = true });
        Assert.Empty(store.Notices);
        Assert.False(File.Exists(_files.Path + ".damaged"));
        Assert.Equal(Count, await store.CountAsync("delivery"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(500)]
    [InlineData(4200)]
    public async Task TornTail_OfTheLog_IsCut(int bytes)
    {
        // What a loss of power leaves: a log whose last commit is not all there.
        await FillAsync(kill: true);
        using (var log = new FileStream(_files.Path + "-wal", FileMode.Open)) log.SetLength(log.Length - bytes);
        await using var store = _files.Open();
        var sink = new StateDescription();
        store.Open(StoreSpeaker.Clock()).Recovery!.Recover(sink);
        var left = sink.Text.Split('\n').Count(line => line.StartsWith("delivery", StringComparison.Ordinal));
        Assert.Equal(bytes == 0 ? Count : Count / 2, left);
    }

    private void Recover()
    {
        var store = _files.Open();
        try
        {
            store.Open(StoreSpeaker.Clock()).Recovery!.Recover(new StateDescription());
        }
        finally
        {
            store.Abandon();
        }
    }

    private async Task FillAsync(bool kill = false)
    {
        var store = _files.Open();
        var speaker = new StoreSpeaker(store.Open(StoreSpeaker.Clock()));
        speaker.Save("s");
        foreach (var half in (int[])[0, 1])
        {
            await store.FlushAsync();
            var hold = new WriterHold();
            hold.Start(store);
            await hold.Held;
            for (var number = (half * Count / 2) + 1; number <= (half + 1) * Count / 2; number++)
                speaker.Append("s", number, new DeliveryRecord(number, QualityOfService.AtLeastOnce, false, 0, null, null, null));
            await hold.DisposeAsync();
        }

        await store.FlushAsync();
        if (kill) store.Abandon();
        else await store.DisposeAsync();
    }
}
