namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>A client as decisions are made for it: the numbers of its roles and groups in the order in which they are asked. What a role or a group says is the program's, so a change of one does not touch the client.</summary>
internal sealed class DynamicSubject
{
    private long _version;

    /// <summary>Finds the numbers of a client's roles and groups.</summary>
    internal DynamicSubject(DynamicClient client, SlotTable roles, SlotTable groups, long version)
    {
        Client = client;
        Roles = roles.FindAll(client.Roles.Select(grant => grant.RoleName));
        Groups = groups.FindAll(client.Groups.Select(membership => membership.GroupName));
        _version = version;
    }

    /// <summary>What it was made of.</summary>
    internal DynamicClient Client { get; }

    internal int[] Roles { get; }

    internal int[] Groups { get; }

    /// <summary>The version of the clients under which this was seen to be the truth last. A benign race: who reads another one looks the client up.</summary>
    internal long Version
    {
        get => Volatile.Read(ref _version);
        set => Volatile.Write(ref _version, value);
    }
}
