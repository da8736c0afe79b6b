using System.Text;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.DynamicSecurity;
using Nightjar.Testing;
using Nightjar.Testing.Broker;
using Xunit;

namespace Nightjar.Broker.Tests.Security.DynamicSecurity;

/// <summary>A change is in force at once, answered when it is on disk, and taken back when it cannot get there.</summary>
public sealed class DynamicSecurityDocumentTests : IAsyncDisposable
{
    private const string NotWritten = "The change could not be written to disk and was not made";
    private readonly StoppableStorage _storage = new();
    private readonly RecordingLogger _log = new();
    private readonly List<(DynamicSecurityState Old, DynamicSecurityState New, DynamicSecurityChange What)> _changes = [];
    private readonly DynamicSecurityDocument _document;

    public DynamicSecurityDocumentTests()
    {
        _document = new DynamicSecurityDocument(DynamicSecurityState.Empty, _storage, NoBroker.Instance, _log, _ => CommandWorld.CheapHash);
        _document.Changed += (old, state, what) => _changes.Add((old, state, what));
    }

    public async ValueTask DisposeAsync()
    {
        _storage.Open();
        await _document.DisposeAsync();
        _storage.Dispose();
    }

    [Fact]
    public async Task Change_IsInForceBeforeItIsOnDisk_AndAnsweredAfter()
    {
        _storage.Close();
        var answer = Send(CreateRole("a"));
        await Wait.UntilAsync(() => _storage.Begun == 1, "the write");

        Assert.True(_document.Current.Roles.ContainsKey("a"));
        Assert.False(answer.IsCompleted);
        Assert.DoesNotContain(_log.Lines, line => line.Text.Contains("createRole", StringComparison.Ordinal));

        _storage.Pass();
        Assert.Equal("""{"responses":[{"command":"createRole"}]}""", await answer);
        Assert.True(DynamicSecurityFile.Parse(_storage.Content, "f").State.Roles.ContainsKey("a"));
        Assert.Contains(_log.Lines, line => line.Text == "dynsec: probe/admin | createRole | rolename=a");
        var (old, state, what) = Assert.Single(_changes);
        Assert.Same(DynamicSecurityState.Empty, old);
        Assert.Same(_document.Current, state);
        Assert.Equal(["a"], what.Roles);
    }

    [Fact]
    public async Task Changes_WhileTheDiskIsAtWork_ShareTheNextWrite()
    {
        _storage.Close();
        var first = Send(CreateRole("first"));
        await Wait.UntilAsync(() => _storage.Begun == 1, "the first write");
        var others = Enumerable.Range(0, 50).Select(i => Send(CreateRole($"r{i}"))).ToArray();
        await Wait.UntilAsync(() => _document.Current.Roles.Count == 51, "the changes");

        _storage.Pass();
        await first;
        Assert.DoesNotContain(others, answer => answer.IsCompleted);
        _storage.Pass();
        await Task.WhenAll(others);

        Assert.Equal([1, 51], _storage.Written);
        Assert.Equal(51, _changes.Count);
    }

    [Fact]
    public async Task Question_AboutAChangeThatIsNotOnDisk_WaitsForIt()
    {
        _storage.Close();
        var change = Send(CreateRole("a"));
        var question = Send("""{"command":"listRoles"}""");
        await Wait.UntilAsync(() => _storage.Begun == 1, "the write");
        Assert.False(question.IsCompleted);

        _storage.Open();
        Assert.Contains("[\"a\"]", await question, StringComparison.Ordinal);
        Assert.True(change.IsCompleted);
    }

    [Fact]
    public async Task Question_WithNothingUnwritten_DoesNotTouchTheDisk()
    {
        Assert.Equal("""{"responses":[{"command":"listRoles","data":{"totalCount":0,"roles":[]}}]}""", await Send("""{"command":"listRoles"}"""));

        Assert.Equal(0, _storage.Begun);
    }

    [Fact]
    public async Task Write_ThatFails_TakesTheChangesBackAndSaysSo()
    {
        await Send(CreateRole("kept"));
        var kept = _document.Current;
        _storage.Close();
        var first = Send(CreateRole("a"));
        await Wait.UntilAsync(() => _storage.Begun == 2, "the write");
        var second = Send(CreateRole("b") + ",{\"command\":\"getDetails\"}");
        var question = Send("""{"command":"listRoles"}""");
        await Wait.UntilAsync(() => _document.Current.Roles.Count == 3, "the changes");

        _storage.Failure = "No space left on device";
        _storage.Open();

        Assert.Equal($$"""{"responses":[{"command":"createRole","error":"{{NotWritten}}"}]}""", await first);
        Assert.Equal($$$"""{"responses":[{"command":"createRole","error":"{{{NotWritten}}}"},{"command":"getDetails","data":{"clientCount":0,"groupCount":0,"roleCount":1,"changeIndex":1}}]}""", await second);
        Assert.Contains("[\"kept\"]", await question, StringComparison.Ordinal);
        Assert.Same(kept, _document.Current);
        Assert.True(_changes[^1].What.Everything);
        Assert.Same(kept, _changes[^1].New);
        Assert.Contains(_log.Lines, line => line.Text.Contains("No space left on device", StringComparison.Ordinal));
        Assert.DoesNotContain(_log.Lines, line => line.Text.Contains("rolename=a", StringComparison.Ordinal));

        _storage.Failure = null;
        Assert.Equal("""{"responses":[{"command":"createRole"}]}""", await Send(CreateRole("a")));
        Assert.Equal([1, 2], _storage.Written);
    }

    [Fact]
    public async Task Requests_AreCarriedOutInTheOrderOfTheirArrival()
    {
        var answers = new List<Task<string>> { Send("""{"command":"createClient","username":"u","password":"p"}"""), Send(CreateRole("r")) };
        for (var i = 0; i < 20; i++)
        {
            answers.Add(Send("""{"command":"addClientRole","username":"u","rolename":"r"}"""));
            answers.Add(Send("""{"command":"removeClientRole","username":"u","rolename":"r"}"""));
        }

        foreach (var answer in await Task.WhenAll(answers)) Assert.DoesNotContain("error", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_BeyondTheBounds_AreRefused()
    {
        var longest = new byte[DynamicSecurityDocument.MaximumRequestLength + 1];
        Assert.Contains("Payload longer than", Encoding.UTF8.GetString(await _document.ExecuteAsync(longest, null)), StringComparison.Ordinal);

        using var entered = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        await using var busy = new DynamicSecurityDocument(DynamicSecurityState.Empty, _storage, NoBroker.Instance, _log, _ =>
        {
            entered.Set();
            go.Wait();
            return CommandWorld.CheapHash;
        });
        var first = busy.ExecuteAsync("""{"commands":[{"command":"createClient","username":"u","password":"p"}]}"""u8, null);
        await Wait.UntilAsync(() => entered.IsSet, "the hash");
        var waiting = Enumerable.Range(0, DynamicSecurityDocument.MaximumWaiting).Select(_ => busy.ExecuteAsync("{}"u8, null)).ToArray();

        Assert.Contains("Too many requests are waiting", Encoding.UTF8.GetString(await busy.ExecuteAsync("{}"u8, null)), StringComparison.Ordinal);

        go.Set();
        await first;
        await Task.WhenAll(waiting);
    }

    [Fact]
    public async Task Dispose_FinishesWhatWaits_AndRefusesWhatComes()
    {
        var answers = Enumerable.Range(0, 100).Select(i => Send(CreateRole($"r{i}"))).ToArray();
        await _document.DisposeAsync();

        Assert.All(answers, answer => Assert.True(answer.IsCompletedSuccessfully));
        Assert.Equal(100, DynamicSecurityFile.Parse(_storage.Content, "f").State.Roles.Count);
        Assert.Contains("shutting down", await Send(CreateRole("late")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dispose_BetweenThePasswordsOfARequest_DoesNotHashTheRest()
    {
        using var entered = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        var hashed = 0;
        var busy = new DynamicSecurityDocument(DynamicSecurityState.Empty, _storage, NoBroker.Instance, _log, _ =>
        {
            hashed++;
            entered.Set();
            go.Wait();
            return CommandWorld.CheapHash;
        });
        var commands = Enumerable.Range(0, 50).Select(i => $$"""{"command":"createClient","username":"u{{i}}","password":"p"}""");
        var first = busy.ExecuteAsync(Encoding.UTF8.GetBytes($$"""{"commands":[{{string.Join(',', commands)}}]}"""), null);
        var cheap = busy.ExecuteAsync("""{"commands":[{"command":"createRole","rolename":"r"}]}"""u8, null);
        await Wait.UntilAsync(() => entered.IsSet, "the hash");
        var disposing = busy.DisposeAsync();
        go.Set();
        await disposing;

        Assert.Equal(1, hashed);
        Assert.Contains("shutting down", Encoding.UTF8.GetString(await first), StringComparison.Ordinal);
        Assert.DoesNotContain("error", Encoding.UTF8.GetString(await cheap), StringComparison.Ordinal);
        var written = DynamicSecurityFile.Parse(_storage.Content, "f").State;
        Assert.Equal((0, 1), (written.Clients.Count, written.Roles.Count));
    }

    [Fact]
    public async Task Reload_OfWhatIsInForce_ChangesNothing()
    {
        await Send(CreateRole("a"));
        var state = _document.Current;
        _changes.Clear();

        await _document.ReloadAsync();

        Assert.Same(state, _document.Current);
        Assert.Empty(_changes);
    }

    [Fact]
    public async Task Reload_OfAnotherFile_PutsItInForceBehindEarlierRequests()
    {
        _storage.Close();
        var change = Send(CreateRole("a"));
        var reload = _document.ReloadAsync();
        await Wait.UntilAsync(() => _storage.Begun == 1, "the write");
        Assert.False(reload.IsCompleted);
        _storage.Open();
        await change;
        await reload;
        Assert.True(_document.Current.Roles.ContainsKey("a"));

        _storage.Content = "{\"roles\":[{\"rolename\":\"other\"}]}"u8.ToArray();
        await _document.ReloadAsync();

        Assert.Equal(["other"], _document.Current.Roles.Keys);
        Assert.True(_changes[^1].What.Everything);
        await Send(CreateRole("b"));
        Assert.Equal(["b", "other"], DynamicSecurityFile.Parse(_storage.Content, "f").State.Roles.Keys);
    }

    [Fact]
    public async Task Reload_OfABrokenFile_KeepsWhatIsInForce()
    {
        await Send(CreateRole("a"));
        _storage.Content = "{\"roles\":[{}]}"u8.ToArray();

        var exception = await Assert.ThrowsAsync<SecurityFileException>(_document.ReloadAsync);

        Assert.Contains("line 1", exception.Message, StringComparison.Ordinal);
        Assert.True(_document.Current.Roles.ContainsKey("a"));
    }

    [Fact]
    public async Task Change_WhoseListenerFails_IsStillWrittenAndAnswered()
    {
        _document.Changed += (_, _, _) => throw new InvalidOperationException("listener");

        Assert.Equal("""{"responses":[{"command":"createRole"}]}""", await Send(CreateRole("a")));

        Assert.Contains(_log.Lines, line => line.Exception is InvalidOperationException);
    }

    private static string CreateRole(string name) => $$"""{"command":"createRole","rolename":"{{name}}"}""";

    private async Task<string> Send(string commands) =>
        Encoding.UTF8.GetString(await _document.ExecuteAsync(Encoding.UTF8.GetBytes($"{{\"commands\":[{commands}]}}"), new Identity("probe", "admin", null)));
}
