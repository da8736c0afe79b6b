using System.Collections.Immutable;
using System.Text;
using BenchmarkDotNet.Attributes;
using Nightjar.Broker.Security.DynamicSecurity;
using Nightjar.Broker.Security.Passwords;

namespace Nightjar.Microbenchmarks.Security;

/// <summary>What a change costs among 100 000 clients, 1000 groups and 1000 roles, and what its file does.</summary>
[MemoryDiagnoser]
public class DynamicSecurityBenchmarks
{
    private const int Clients = 100_000;
    private const int Groups = 1000;
    private const int Roles = 1000;
    private readonly byte[] _addRole = """{"commands":[{"command":"addClientRole","username":"client50000","rolename":"role7","priority":3}]}"""u8.ToArray();
    private readonly byte[] _addToGroup = """{"commands":[{"command":"addGroupClient","username":"client50000","groupname":"group7","priority":3}]}"""u8.ToArray();
    private readonly byte[] _create = """{"commands":[{"command":"createClient","username":"client50000x","password":"p","groups":[{"groupname":"group7"}],"roles":[{"rolename":"role7"}]}]}"""u8.ToArray();
    private readonly byte[] _deleteRole = """{"commands":[{"command":"deleteRole","rolename":"role1"}]}"""u8.ToArray();
    private readonly byte[] _page = """{"commands":[{"command":"listClients","verbose":true,"count":50,"offset":90000}]}"""u8.ToArray();
    private readonly PasswordHash _hash = PasswordHash.Make("password"u8, PasswordHashForm.Pbkdf2, 1);
    private DynamicSecurityState _state = DynamicSecurityState.Empty;
    private byte[] _file = [];

    /// <summary>Makes the state: each client has one of the roles and is in one of the groups, and 100 clients share a role.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var text = new StringBuilder("{\"clients\":[");
        for (var i = 0; i < Clients; i++)
            text.Append($"{(i > 0 ? "," : "")}{{\"username\":\"client{i}\",\"textname\":\"Sensor {i}\",\"encoded_password\":\"{_hash}\",\"roles\":[{{\"rolename\":\"role{i % Roles}\"}}]}}");
        text.Append("],\"groups\":[");
        for (var i = 0; i < Groups; i++)
        {
            var members = Enumerable.Range(0, Clients / Groups).Select(j => $"{{\"username\":\"client{(j * Groups) + i}\",\"priority\":{j % 5}}}");
            text.Append($"{(i > 0 ? "," : "")}{{\"groupname\":\"group{i}\",\"roles\":[{{\"rolename\":\"role{i}\"}}],\"clients\":[{string.Join(',', members)}]}}");
        }

        text.Append("],\"roles\":[");
        for (var i = 0; i < Roles; i++)
            text.Append($"{(i > 0 ? "," : "")}{{\"rolename\":\"role{i}\",\"acls\":[{{\"acltype\":\"publishClientSend\",\"topic\":\"site/{i}/#\",\"allow\":true}},{{\"acltype\":\"subscribePattern\",\"topic\":\"site/{i}/+/state\",\"allow\":true}}]}}");
        text.Append("]}");
        _state = DynamicSecurityFile.Parse(Encoding.UTF8.GetBytes(text.ToString()), "f").State;
        _file = DynamicSecurityFileWriter.ToBytes(_state);
    }

    /// <summary>A client gets a role.</summary>
    [Benchmark]
    public object AddClientRole() => Run(_addRole);

    /// <summary>A client joins a group.</summary>
    [Benchmark]
    public object AddGroupClient() => Run(_addToGroup);

    /// <summary>A client is made, but for the hash of its password.</summary>
    [Benchmark]
    public object CreateClient() => Run(_create);

    /// <summary>A role that 100 clients have goes.</summary>
    [Benchmark]
    public object DeleteRole() => Run(_deleteRole);

    /// <summary>Fifty of the clients are listed, far behind.</summary>
    [Benchmark]
    public object ListPage() => Run(_page);

    /// <summary>The file is written, to nowhere.</summary>
    [Benchmark]
    public void WriteFile() => DynamicSecurityFileWriter.Write(_state, Stream.Null);

    /// <summary>The file is read.</summary>
    [Benchmark]
    public object ReadFile() => DynamicSecurityFile.Parse(_file, "f");

    private ImmutableSortedDictionary<string, DynamicClient> Run(byte[] request)
    {
        using var run = new DynamicSecurityRequest(_state, request, null, NoBroker.Instance, _ => _hash);
        run.RunToEnd();
        return run.State.Clients;
    }
}
