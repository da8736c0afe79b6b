using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Nightjar.Broker.Diagnostics;
using Nightjar.Broker.Security.Passwords;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>
/// Dynamic security: clients, groups and roles that are changed while the broker runs, by messages to <c>$CONTROL/dynamic-security/v1</c>, and kept
/// in a file that Mosquitto can read. mosquitto: plugin mosquitto_dynamic_security.
/// </summary>
/// <remarks>
/// <para>Give a broker both <see cref="CreateAuthenticator"/> and <see cref="CreateAuthorizer"/>: the first decides who comes in, the second what they may
/// do, and where the second is part of a broker's rules, that broker takes commands. A change is in force for connected clients at once.</para>
/// <para>One instance for a file, for as long as the process runs: a reload of the broker is given the same one again. Dispose of it after the
/// broker: it writes what is left to be written.</para>
/// </remarks>
public sealed class DynamicSecurityService : IRunningBroker, IAsyncDisposable
{
    private readonly DynamicSecurityOptions _options;
    private readonly DynamicSecurityDocument? _document;
    private DynamicSecurityProgram _program;
    private IUserConnections? _connections;
    private bool _deniesSpecialCharacters;

    /// <summary>Makes one whose state is only what it is told; for tests.</summary>
    internal DynamicSecurityService(DynamicSecurityState state, bool deniesSpecialCharacters = true)
    {
        _options = new DynamicSecurityOptions { Path = "" };
        _deniesSpecialCharacters = deniesSpecialCharacters;
        _program = DynamicSecurityProgram.Compile(state);
    }

    internal DynamicSecurityService(DynamicSecurityOptions options, DynamicSecurityState state, IDynamicSecurityStorage storage, ILogger log, Func<string, PasswordHash>? hash = null)
    {
        _options = options;
        _deniesSpecialCharacters = options.DeniesSpecialCharacters;
        _program = DynamicSecurityProgram.Compile(state);
        _document = new DynamicSecurityDocument(state, storage, this, log, hash);
        _document.Changed += (_, now, change) => Take(now, change);
    }

    /// <summary>Raised when a change is in force: this, the state before, and what is different. Changes of the state in order, one at a time; must neither block nor throw.</summary>
    internal event Action<DynamicSecurityService, DynamicSecurityState, DynamicSecurityChange>? Changed;

    /// <summary>The file.</summary>
    public string Path => _options.Path;

    /// <summary>What is not wrong but should be known, one line each: what in the file is ignored, who else can read it, and that it was made.</summary>
    public IReadOnlyList<string> Warnings { get; private init; } = [];

    /// <summary>The state as it is asked.</summary>
    internal DynamicSecurityProgram Program => Volatile.Read(ref _program);

    /// <summary>Passwords that were verified.</summary>
    internal VerifiedPasswords Verified { get; } = new();

    /// <summary>Whether clients with <c>+</c> or <c>#</c> in user name or client id may do nothing. mosquitto: auth_plugin_deny_special_chars. In force at once when it is set.</summary>
    public bool DeniesSpecialCharacters
    {
        get => Volatile.Read(ref _deniesSpecialCharacters);
        set
        {
            if (Volatile.Read(ref _deniesSpecialCharacters) == value) return;
            Volatile.Write(ref _deniesSpecialCharacters, value);
            // Nothing of the state has changed, but what was decided by it.
            Changed?.Invoke(this, Program.State, new DynamicSecurityChange());
        }
    }

    /// <summary>Who is connected, as the broker that it is part of knows; null while there is none.</summary>
    internal IUserConnections? Connections
    {
        get => Volatile.Read(ref _connections);
        set => Volatile.Write(ref _connections, value);
    }

    /// <summary>Reads the file, or makes it.</summary>
    /// <param name="options">Where, and how it begins.</param>
    /// <param name="log">Where changes are noted, with who made them, and what goes wrong; null for nowhere.</param>
    /// <exception cref="SecurityFileException">The file cannot be read or made, or something in it is wrong; every error is named with its line.</exception>
    public static DynamicSecurityService Open(DynamicSecurityOptions options, ILogger? log = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(options.Path);
        IReadOnlyList<string> made = File.Exists(options.Path) ? [] : DynamicSecurityFirstFile.Create(options.Path, options.InitialPasswordPath, options.InitialPassword);
        var disk = new DynamicSecurityDisk(options.Path);
        var file = disk.Read();
        return new DynamicSecurityService(options, file.State, disk, log ?? NullLogger.Instance) { Warnings = [.. made, .. file.Warnings] };
    }

    /// <summary>Reads a file without using it.</summary>
    /// <param name="path">The file; must be there.</param>
    /// <returns>What in it is ignored, and who else can read it; empty when all is well.</returns>
    /// <exception cref="SecurityFileException">The file cannot be read, or something in it is wrong; every error is named with its line.</exception>
    public static IReadOnlyList<string> Check(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return DynamicSecurityFile.Load(path).Warnings;
    }

    /// <summary>Who is let in.</summary>
    /// <param name="next">Asked for clients that dynamic security does not know, or knows no password of; null: of those only clients without a user
    /// name come in, where the listener allows them, and clients that TLS has named.</param>
    public IAuthenticator CreateAuthenticator(IAuthenticator? next = null) => new DynamicSecurityAuthenticator(this, next, HashQueue.Shared);

    /// <summary>Who may do what.</summary>
    /// <param name="next">Asked for users that dynamic security does not know, and for clients without a user name while no group stands for them; null:
    /// the former may do nothing, the latter what the default access says.</param>
    public IAuthorizer CreateAuthorizer(IAuthorizer? next = null) => new DynamicSecurityAuthorizer(this, next);

    /// <summary>Reads the file again and, if somebody else has changed it, puts in force what it says now. mosquitto reads its file at the start only.</summary>
    /// <exception cref="SecurityFileException">The file cannot be read, or something in it is wrong; everything is as it was.</exception>
    /// <remarks>What was changed by commands before is on disk first, so a file that was edited meanwhile is lost to such a change.</remarks>
    public Task ReloadAsync() => _document?.ReloadAsync() ?? Task.CompletedTask;

    /// <summary>Carries out a request as if it had been published to <c>$CONTROL/dynamic-security/v1</c>.</summary>
    /// <param name="request">JSON: <c>{"commands":[...]}</c>; copied.</param>
    /// <returns>The answer, once everything that it rests on is on disk. Does not fail for what stands in the request.</returns>
    public Task<byte[]> ExecuteAsync(ReadOnlySpan<byte> request) => ExecuteAsync(request, null);

    internal Task<byte[]> ExecuteAsync(ReadOnlySpan<byte> request, Identity? sender) =>
        _document?.ExecuteAsync(request, sender) ?? throw new InvalidOperationException("This dynamic security has no document.");

    /// <summary>Puts another state in force: the program first, so that whoever hears of the change, and asks, gets the new answer.</summary>
    internal void Take(DynamicSecurityState now, DynamicSecurityChange change)
    {
        var old = _program.State;
        Volatile.Write(ref _program, _program.Then(now));
        Changed?.Invoke(this, old, change);
    }

    /// <summary>Takes no more requests, and writes what is left to be written.</summary>
    public ValueTask DisposeAsync() => _document?.DisposeAsync() ?? default;

    IReadOnlyList<string> IUserConnections.AddressesOf(string userName) => Connections?.AddressesOf(userName) ?? [];
}
