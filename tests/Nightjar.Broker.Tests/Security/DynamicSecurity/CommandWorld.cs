using System.Net;
using System.Text;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.DynamicSecurity;
using Nightjar.Broker.Security.Passwords;
using Xunit;

namespace Nightjar.Broker.Tests.Security.DynamicSecurity;

/// <summary>A state of dynamic security and requests that change it, without a broker around it.</summary>
internal sealed class CommandWorld : IRunningBroker
{
    /// <summary>A hash that costs nothing.</summary>
    public static readonly PasswordHash CheapHash = PasswordHash.Make("password"u8, PasswordHashForm.Pbkdf2, 1);

    private const string Before = "{\"responses\":[";

    public DynamicSecurityState State { get; set; } = DynamicSecurityState.Empty;

    public DynamicSecurityChange Change { get; private set; } = new();

    public List<string> AuditLines { get; } = [];

    public List<string> Hashed { get; } = [];

    public Dictionary<string, string[]> Connected { get; } = [];

    public bool DeniesSpecialCharacters { get; set; } = true;

    public IReadOnlyList<string> AddressesOf(string userName) => Connected.GetValueOrDefault(userName) ?? [];

    /// <summary>Sends a request as it is.</summary>
    public string Send(ReadOnlyMemory<byte> payload, string? refusal = null)
    {
        var actor = new Identity("probe", "admin", new IPEndPoint(IPAddress.Loopback, 1234));
        using var request = new DynamicSecurityRequest(State, payload, actor, this, Hash, refusal);
        request.RunToEnd();
        State = request.State;
        Change = request.Change;
        AuditLines.AddRange(request.AuditLines);
        return Encoding.UTF8.GetString(request.Response);
    }

    public string Send(string payload, string? refusal = null) => Send(Encoding.UTF8.GetBytes(payload), refusal);

    /// <summary>Sends one command, <c>{"command":...}</c>, and returns its one answer.</summary>
    public string Do(string command)
    {
        var response = Send($"{{\"commands\":[{command}]}}");
        Assert.StartsWith(Before, response, StringComparison.Ordinal);
        Assert.EndsWith("]}", response, StringComparison.Ordinal);
        return response[Before.Length..^2];
    }

    /// <summary>Sends commands that succeed.</summary>
    public CommandWorld With(params string[] commands)
    {
        foreach (var command in commands) Assert.DoesNotContain("\"error\"", Do(command), StringComparison.Ordinal);
        return this;
    }

    private PasswordHash Hash(string password)
    {
        Hashed.Add(password);
        return CheapHash;
    }
}
