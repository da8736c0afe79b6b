using System.Text.Json;
using Nightjar.Broker.Security.Passwords;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>
/// Reads the JSON of dynamic security, in one pass over the bytes, and collects everything that is wrong with it. Keys are compared without regard to case,
/// as Mosquitto does: its own files have <c>textname</c>, those of <c>dynsec init</c> <c>textName</c>.
/// </summary>
/// <remarks>
/// What Mosquitto skips in silence and could mean more rights or fewer (an unknown acltype, a role without a name, a hash that is none) is an error. What has no
/// effect there either (unknown keys, names that nothing goes by) is a warning.
/// </remarks>
internal sealed class DynamicSecurityFileReader(string path)
{
    // The deepest value Mosquitto writes is at 6: a priority of a role of a client.
    private const int MaximumDepth = 16;
    private readonly DynamicSecurityLinker _linker = new();
    private readonly JsonFields _fields = new(path);
    private DynamicSecurityState _state = DynamicSecurityState.Empty;
    private bool _hasEncodedPasswords;
    private bool _hasPlainHashes;
    private bool _hasChangeIndex;

    /// <summary>Reads a file's bytes.</summary>
    /// <exception cref="SecurityFileException">There were errors: all of them, with their lines.</exception>
    internal DynamicSecurityFile Read(ReadOnlySpan<byte> content)
    {
        if (content.StartsWith("\uFEFF"u8)) content = content[3..];
        var reader = new Utf8JsonReader(content, new JsonReaderOptions { MaxDepth = MaximumDepth });
        try
        {
            reader.Read();
            if (reader.TokenType == JsonTokenType.StartObject) ReadTop(ref reader);
            else _fields.Fail(reader.TokenStartIndex, "it is not a JSON object");
            // What stands behind the value is an error of its own.
            while (_fields.Errors.Count == 0 && reader.Read())
            {
            }
        }
        catch (JsonException exception)
        {
            _fields.FailSyntax(exception);
        }

        if (_fields.Errors.Count > 0) throw new SecurityFileException(_fields.ErrorLines(content));
        var isVersion20 = _hasPlainHashes && !_hasEncodedPasswords && !_hasChangeIndex;
        var state = _linker.Link(_state with { FileForm = isVersion20 ? DynamicSecurityFileForm.Version20 : DynamicSecurityFileForm.Version21 }, _fields);
        return new DynamicSecurityFile(state, _fields.WarningLines(content));
    }

    private void ReadTop(ref Utf8JsonReader json)
    {
        uint seen = 0;
        while (JsonFields.NextKey(ref json))
        {
            if (_fields.Is(ref json, "changeIndex"u8, ref seen, 0)) ReadChangeIndex(ref json);
            else if (_fields.Is(ref json, "defaultACLAccess"u8, ref seen, 1)) ReadDefaultAccess(ref json);
            else if (_fields.Is(ref json, "clients"u8, ref seen, 2)) ReadEach(ref json, "clients", static (DynamicSecurityFileReader me, ref Utf8JsonReader json) => me.ReadClient(ref json));
            else if (_fields.Is(ref json, "groups"u8, ref seen, 3)) ReadEach(ref json, "groups", static (DynamicSecurityFileReader me, ref Utf8JsonReader json) => me.ReadGroup(ref json));
            else if (_fields.Is(ref json, "anonymousGroup"u8, ref seen, 4)) ReadAnonymousGroup(ref json);
            else if (_fields.Is(ref json, "roles"u8, ref seen, 5)) ReadEach(ref json, "roles", static (DynamicSecurityFileReader me, ref Utf8JsonReader json) => me.ReadRole(ref json));
            else _fields.SkipUnknown(ref json);
        }
    }

    private void ReadChangeIndex(ref Utf8JsonReader json)
    {
        _hasChangeIndex = true;
        if (_fields.Number(ref json, "changeIndex") is not { } number) return;
        if (number is >= 0 and < long.MaxValue) _state = _state with { ChangeIndex = (long)number };
        else _fields.Fail(json.TokenStartIndex, "changeIndex is negative or too large");
    }

    private void ReadAnonymousGroup(ref Utf8JsonReader json)
    {
        var at = json.TokenStartIndex;
        if (_fields.Name(ref json, "anonymousGroup") is { } name) _linker.SetAnonymousGroup(name, at);
    }

    private void ReadDefaultAccess(ref Utf8JsonReader json)
    {
        var access = _state.DefaultAccess;
        uint seen = 0;
        if (!_fields.IsObject(ref json, "defaultACLAccess")) return;
        while (JsonFields.NextKey(ref json))
        {
            if (_fields.Is(ref json, "publishClientSend"u8, ref seen, 0)) access = access with { PublishClientSend = _fields.Bool(ref json, "publishClientSend") };
            else if (_fields.Is(ref json, "publishClientReceive"u8, ref seen, 1)) access = access with { PublishClientReceive = _fields.Bool(ref json, "publishClientReceive") };
            else if (_fields.Is(ref json, "subscribe"u8, ref seen, 2)) access = access with { Subscribe = _fields.Bool(ref json, "subscribe") };
            else if (_fields.Is(ref json, "unsubscribe"u8, ref seen, 3)) access = access with { Unsubscribe = _fields.Bool(ref json, "unsubscribe") };
            else _fields.SkipUnknown(ref json);
        }

        _state = _state with { DefaultAccess = access };
    }

    private void ReadClient(ref Utf8JsonReader json)
    {
        var at = json.TokenStartIndex;
        string? userName = null;
        var client = new DynamicClient("");
        List<RoleGrant> roles = [];
        string? encoded = null, hash = null, salt = null;
        double? iterations = null;
        uint seen = 0;
        while (JsonFields.NextKey(ref json))
        {
            if (_fields.Is(ref json, "username"u8, ref seen, 0)) userName = _fields.Name(ref json, "username");
            else if (_fields.Is(ref json, "clientid"u8, ref seen, 1)) client = client with { ClientId = _fields.Name(ref json, "clientid") };
            else if (_fields.Is(ref json, "textname"u8, ref seen, 2)) client = client with { TextName = _fields.Text(ref json, "textname") };
            else if (_fields.Is(ref json, "textdescription"u8, ref seen, 3)) client = client with { TextDescription = _fields.Text(ref json, "textdescription") };
            else if (_fields.Is(ref json, "disabled"u8, ref seen, 4)) client = client with { IsDisabled = _fields.Bool(ref json, "disabled") };
            else if (_fields.Is(ref json, "roles"u8, ref seen, 5)) ReadGrants(ref json, roles);
            else if (_fields.Is(ref json, "encoded_password"u8, ref seen, 6)) encoded = _fields.Name(ref json, "encoded_password");
            else if (_fields.Is(ref json, "password"u8, ref seen, 7)) hash = _fields.Name(ref json, "password");
            else if (_fields.Is(ref json, "salt"u8, ref seen, 8)) salt = _fields.Name(ref json, "salt");
            else if (_fields.Is(ref json, "iterations"u8, ref seen, 9)) iterations = _fields.Number(ref json, "iterations");
            else _fields.SkipUnknown(ref json);
        }

        if (userName is null)
        {
            // A wrong one is an error already.
            if ((seen & 1) == 0) _fields.Fail(at, "the client has no username");
            return;
        }

        _hasEncodedPasswords |= encoded is not null;
        _hasPlainHashes |= hash is not null;
        if (encoded is null && hash is not null) encoded = FormattableString.Invariant($"$7${iterations ?? 0}${salt}${hash}");
        _linker.Add(client with { UserName = userName, Password = encoded is null ? null : ReadPassword(encoded, userName, at) }, roles, at);
    }

    private PasswordHash? ReadPassword(string encoded, string userName, long at)
    {
        if (!PasswordHash.TryParse(encoded, out var password, out var error)) _fields.Fail(at, $"the password of client \"{JsonFields.Shown(userName)}\" cannot be decoded: {error}");
        else if (password.Form == PasswordHashForm.Argon2id && !PasswordHash.IsArgon2Available)
            _fields.Fail(at, $"the password of client \"{JsonFields.Shown(userName)}\" needs libargon2.so.1, which is not installed (Debian: apt-get install libargon2-1)");
        return password;
    }

    private void ReadGroup(ref Utf8JsonReader json)
    {
        var at = json.TokenStartIndex;
        string? groupName = null;
        var group = new DynamicGroup("");
        List<RoleGrant> roles = [];
        List<(string UserName, int Priority)> clients = [];
        uint seen = 0;
        while (JsonFields.NextKey(ref json))
        {
            if (_fields.Is(ref json, "groupname"u8, ref seen, 0)) groupName = _fields.Name(ref json, "groupname");
            else if (_fields.Is(ref json, "textname"u8, ref seen, 1)) group = group with { TextName = _fields.Text(ref json, "textname") };
            else if (_fields.Is(ref json, "textdescription"u8, ref seen, 2)) group = group with { TextDescription = _fields.Text(ref json, "textdescription") };
            else if (_fields.Is(ref json, "roles"u8, ref seen, 3)) ReadGrants(ref json, roles);
            else if (_fields.Is(ref json, "clients"u8, ref seen, 4)) ReadReferences(ref json, "clients", "username"u8, "username", clients);
            else _fields.SkipUnknown(ref json);
        }

        if ((seen & 1) == 0) _fields.Fail(at, "the group has no groupname");
        if (groupName is not null) _linker.Add(group with { GroupName = groupName }, roles, clients, at);
    }

    private void ReadRole(ref Utf8JsonReader json)
    {
        var at = json.TokenStartIndex;
        string? roleName = null;
        var role = new DynamicRole("");
        List<DynamicRule> rules = [];
        uint seen = 0;
        while (JsonFields.NextKey(ref json))
        {
            if (_fields.Is(ref json, "rolename"u8, ref seen, 0)) roleName = _fields.Name(ref json, "rolename");
            else if (_fields.Is(ref json, "textname"u8, ref seen, 1)) role = role with { TextName = _fields.Text(ref json, "textname") };
            else if (_fields.Is(ref json, "textdescription"u8, ref seen, 2)) role = role with { TextDescription = _fields.Text(ref json, "textdescription") };
            else if (_fields.Is(ref json, "allowwildcardsubs"u8, ref seen, 3)) role = role with { AllowWildcardSubscriptions = _fields.Bool(ref json, "allowwildcardsubs") };
            else if (_fields.Is(ref json, "acls"u8, ref seen, 4)) ReadRules(ref json, rules);
            else _fields.SkipUnknown(ref json);
        }

        if ((seen & 1) == 0) _fields.Fail(at, "the role has no rolename");
        if (roleName is not null) _linker.Add(role with { RoleName = roleName, Rules = DynamicOrder.Sorted(rules) }, at);
    }

    private void ReadRules(ref Utf8JsonReader json, List<DynamicRule> rules)
    {
        HashSet<(AclType, string)> topics = [];
        if (!_fields.IsArray(ref json, "acls")) return;
        while (_fields.NextObject(ref json, "acls"))
        {
            var at = json.TokenStartIndex;
            if (ReadRule(ref json, at) is not { } rule) continue;
            if (!DynamicText.IsTopic(rule.Topic)) _fields.Warn(at, $"the topic \"{JsonFields.Shown(rule.Topic)}\" is not a topic filter; the acl is left out");
            else if (!topics.Add((rule.AclType, rule.Topic))) _fields.Warn(at, $"there is an acl of this type for \"{JsonFields.Shown(rule.Topic)}\" before; this one is left out");
            else rules.Add(rule);
        }
    }

    private DynamicRule? ReadRule(ref Utf8JsonReader json, long at)
    {
        string? typeName = null, topic = null;
        var (priority, isAllowed) = (0, false);
        uint seen = 0;
        while (JsonFields.NextKey(ref json))
        {
            if (_fields.Is(ref json, "acltype"u8, ref seen, 0)) typeName = _fields.Name(ref json, "acltype");
            else if (_fields.Is(ref json, "topic"u8, ref seen, 1)) topic = _fields.Name(ref json, "topic");
            else if (_fields.Is(ref json, "priority"u8, ref seen, 2)) priority = DynamicText.PriorityOf(_fields.Number(ref json, "priority") ?? 0);
            else if (_fields.Is(ref json, "allow"u8, ref seen, 3)) isAllowed = _fields.Bool(ref json, "allow");
            else _fields.SkipUnknown(ref json);
        }

        if ((seen & 1) == 0) _fields.Fail(at, "the acl has no acltype");
        if ((seen & 2) == 0) _fields.Fail(at, "the acl has no topic");
        if (typeName is null || topic is null) return null;
        if (AclTypeNames.TryParse(typeName, out var type)) return new DynamicRule(type, topic, priority, isAllowed);
        _fields.Fail(at, $"the acltype \"{JsonFields.Shown(typeName)}\" is unknown");
        return null;
    }

    private void ReadGrants(ref Utf8JsonReader json, List<RoleGrant> roles)
    {
        List<(string Name, int Priority)> names = [];
        ReadReferences(ref json, "roles", "rolename"u8, "rolename", names);
        foreach (var (name, priority) in names) roles.Add(new RoleGrant(name, priority));
    }

    private void ReadReferences(ref Utf8JsonReader json, string list, ReadOnlySpan<byte> nameKey, string nameText, List<(string Name, int Priority)> references)
    {
        if (!_fields.IsArray(ref json, list)) return;
        while (_fields.NextObject(ref json, list))
        {
            var at = json.TokenStartIndex;
            string? name = null;
            var priority = DynamicText.NoPriority;
            uint seen = 0;
            while (JsonFields.NextKey(ref json))
            {
                if (_fields.Is(ref json, nameKey, ref seen, 0)) name = _fields.Name(ref json, nameText);
                else if (_fields.Is(ref json, "priority"u8, ref seen, 1)) priority = DynamicText.PriorityOf(_fields.Number(ref json, "priority") ?? DynamicText.NoPriority);
                else _fields.SkipUnknown(ref json);
            }

            if ((seen & 1) == 0) _fields.Fail(at, $"an entry of {list} has no {nameText}");
            if (name is not null) references.Add((name, priority));
        }
    }

    private void ReadEach(ref Utf8JsonReader json, string list, EntryReader read)
    {
        if (!_fields.IsArray(ref json, list)) return;
        while (_fields.NextObject(ref json, list)) read(this, ref json);
    }

    private delegate void EntryReader(DynamicSecurityFileReader me, ref Utf8JsonReader json);
}
