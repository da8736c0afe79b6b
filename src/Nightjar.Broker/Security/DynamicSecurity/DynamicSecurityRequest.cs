using System.Text.Json;
using Nightjar.Broker.Security.Passwords;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>
/// One request, <c>{"commands":[...]}</c>, while it is carried out: command by command, each on the state that the one before left. A command that fails changes
/// nothing and does not stop the others. The answer has one entry a command, in order.
/// </summary>
/// <remarks>Nothing that stands in a request makes it throw. It knows no state but the one it is given, which it does not change: the new one is <see cref="State"/>.</remarks>
internal sealed class DynamicSecurityRequest : IDisposable
{
    /// <summary>Longest answer, in bytes: a listing that makes it longer is refused, and asked for in parts.</summary>
    internal const int MaximumResponseLength = 64 << 20;

    private const string NoCommand = "Unknown command";
    private static readonly JsonDocumentOptions JsonOptions = new() { MaxDepth = 32 };
    private readonly CJsonWriter _json = new(isFormatted: false);
    private readonly CommandContext _context;
    private readonly string? _refusal;
    private readonly JsonDocument? _document;
    private JsonElement.ArrayEnumerator _commands;
    private bool _isFinished;

    /// <summary>Reads a request.</summary>
    /// <param name="state">The state it begins with.</param>
    /// <param name="payload">The bytes of the request; must stay as they are until it is disposed of.</param>
    /// <param name="actor">Who sent it; null for a tool that works on the file.</param>
    /// <param name="broker">What is around the state.</param>
    /// <param name="hash">Makes the hash of a password; null for the usual one, which burns a tenth of a second.</param>
    /// <param name="refusal">What every command that could change something is answered with instead of being carried out; null for nothing.</param>
    internal DynamicSecurityRequest(
        DynamicSecurityState state, ReadOnlyMemory<byte> payload, Identity? actor, IRunningBroker broker, Func<string, PasswordHash>? hash = null, string? refusal = null)
    {
        _context = new CommandContext(actor, broker, hash ?? MakeHash, _json) { State = state };
        _refusal = refusal;
        _json.BeginObject();
        _json.BeginArray("responses"u8);
        _document = TryParse(payload);
        if (_document is null) Fail("Payload not valid JSON");
        else if (_document.RootElement.ValueKind == JsonValueKind.Object && new CommandFields(_document.RootElement).TryGet("commands", out var list) && list.ValueKind == JsonValueKind.Array)
            _commands = list.EnumerateArray();
        else Fail("Invalid/missing commands");
    }

    /// <summary>The state as the commands so far left it; the one it began with while nothing was changed.</summary>
    internal DynamicSecurityState State => _context.State;

    /// <summary>What the commands so far changed.</summary>
    internal DynamicSecurityChange Change => _context.Change;

    /// <summary>Log lines of the commands that succeeded.</summary>
    internal IReadOnlyList<string> AuditLines => _context.AuditLines;

    /// <summary>Whether the last command made the hash of a password.</summary>
    internal bool HasHashed => _context.HasHashed;

    /// <summary>The answer, once all commands are done.</summary>
    internal byte[] Response => _json.Written.ToArray();

    /// <summary>Carries out the next command.</summary>
    /// <returns>False when there is none left; the answer is complete then.</returns>
    internal bool Step()
    {
        if (_isFinished) return false;
        _context.HasHashed = false;
        if (_commands.MoveNext())
        {
            RunOne(_commands.Current);
            return true;
        }

        Finish();
        return false;
    }

    /// <summary>Carries out all commands that are left.</summary>
    internal void RunToEnd()
    {
        while (Step())
        {
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _document?.Dispose();

    /// <summary>The answer to a request that is not carried out as a whole.</summary>
    internal static byte[] Refuse(string error)
    {
        var json = new CJsonWriter(isFormatted: false);
        json.BeginObject();
        json.BeginArray("responses"u8);
        WriteError(json, NoCommand, error, null);
        json.EndArray();
        json.EndObject();
        return json.Written.ToArray();
    }

    /// <summary>Makes the usual hash of a password.</summary>
    internal static PasswordHash MakeHash(string password) => PasswordHash.Make(System.Text.Encoding.UTF8.GetBytes(password));

    // A program in C may send the NUL behind its string.
    private static JsonDocument? TryParse(ReadOnlyMemory<byte> payload)
    {
        if (payload.Span.StartsWith("\uFEFF"u8)) payload = payload[3..];
        payload = payload[..payload.Span.TrimEnd((byte)0).Length];
        try
        {
            return JsonDocument.Parse(payload, JsonOptions);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private void RunOne(JsonElement element)
    {
        if (_json.Length > MaximumResponseLength)
        {
            // Errors only: a listing that goes so far is taken back.
            _commands = default;
            return;
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            WriteError(_json, NoCommand, "Command not an object", null);
            return;
        }

        var fields = new CommandFields(element);
        if (!fields.TryGet("command", out var nameValue) || nameValue.ValueKind != JsonValueKind.String || CommandFields.TextOf(nameValue) is not { } name)
        {
            WriteError(_json, NoCommand, "Missing command", null);
            return;
        }

        string? correlation = null;
        if (fields.TryGet("correlationData", out var correlationValue))
        {
            correlation = correlationValue.ValueKind == JsonValueKind.String ? CommandFields.TextOf(correlationValue) : null;
            if (correlation is null)
            {
                WriteError(_json, name, "Invalid correlationData data type.", null);
                return;
            }
        }

        if (DynamicSecurityCommands.Find(name) is not { } command) WriteError(_json, name, "Unknown command", correlation);
        else if (_refusal is not null && !command.IsQuestion) WriteError(_json, command.Name, _refusal, correlation);
        else Run(command, fields, correlation);
    }

    private void Run(DynamicSecurityCommand command, CommandFields fields, string? correlation)
    {
        var mark = _json.Mark();
        _json.BeginObject();
        _json.String("command"u8, command.Name);
        _context.Fields = fields;
        var error = command.Run(_context);
        if (_json.Length > MaximumResponseLength) error = "Response too large; ask for less with count and offset";
        if (error is not null)
        {
            _json.TakeBack(mark);
            WriteError(_json, command.Name, error, correlation);
            return;
        }

        if (correlation is not null) _json.String("correlationData"u8, correlation);
        _json.EndObject();
    }

    private static void WriteError(CJsonWriter json, string command, string error, string? correlation)
    {
        json.BeginObject();
        json.String("command"u8, command);
        json.String("error"u8, error);
        if (correlation is not null) json.String("correlationData"u8, correlation);
        json.EndObject();
    }

    private void Fail(string error)
    {
        WriteError(_json, NoCommand, error, null);
        Finish();
    }

    private void Finish()
    {
        _json.EndArray();
        _json.EndObject();
        _isFinished = true;
    }
}
