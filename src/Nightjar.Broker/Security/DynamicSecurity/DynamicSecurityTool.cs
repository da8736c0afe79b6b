using Nightjar.Broker.Security.Passwords;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>What a command-line tool does with a file of dynamic security that no broker has open: <c>dynsec init</c>, and the other commands with <c>-f FILE</c>.</summary>
public static class DynamicSecurityTool
{
    private const UnixFileMode InitMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    private static readonly (string AclType, string Topic)[] AdminRules =
    [
        ("publishClientSend", "$CONTROL/dynamic-security/#"),
        ("publishClientReceive", "$CONTROL/dynamic-security/#"),
        ("subscribePattern", "$CONTROL/dynamic-security/#"),
        ("publishClientReceive", "$SYS/#"),
        ("subscribePattern", "$SYS/#"),
        ("publishClientReceive", "#"),
        ("subscribePattern", "#"),
        ("unsubscribePattern", "#"),
    ];

    /// <summary>The content of the file that <c>dynsec init FILE ADMIN</c> makes: one user, who may administer and observe, and publish to nothing else.</summary>
    /// <param name="adminName">The user name.</param>
    /// <param name="password">The password.</param>
    /// <returns>UTF-8, the same bytes as Mosquitto 2.1 writes.</returns>
    /// <exception cref="ArgumentException">The name is not valid UTF-8, has control characters, or is too long.</exception>
    public static byte[] InitialContent(string adminName, PasswordHash password)
    {
        ArgumentNullException.ThrowIfNull(adminName);
        ArgumentNullException.ThrowIfNull(password);
        if (!DynamicText.IsName(adminName)) throw new ArgumentException("The user name is not valid UTF-8, has a control character or is too long.", nameof(adminName));
        var json = new CJsonWriter(isFormatted: false);
        json.BeginObject();
        json.BeginArray("clients"u8);
        json.BeginObject();
        json.String("username"u8, adminName);
        json.String("textName"u8, "Dynsec admin user");
        json.String("encoded_password"u8, password.ToString());
        json.BeginArray("roles"u8);
        json.BeginObject();
        json.String("rolename"u8, "admin");
        json.EndObject();
        json.EndArray();
        json.EndObject();
        json.EndArray();
        WriteAdminRole(json);
        json.BeginObject("defaultACLAccess"u8);
        json.Bool("publishClientSend"u8, DefaultAccess.Initial.PublishClientSend);
        json.Bool("publishClientReceive"u8, DefaultAccess.Initial.PublishClientReceive);
        json.Bool("subscribe"u8, DefaultAccess.Initial.Subscribe);
        json.Bool("unsubscribe"u8, DefaultAccess.Initial.Unsubscribe);
        json.EndObject();
        json.EndObject();
        return json.Written.ToArray();
    }

    /// <summary>Makes the file of <c>dynsec init</c>, with mode 0640.</summary>
    /// <param name="path">The file; must not be there.</param>
    /// <param name="adminName">The user name.</param>
    /// <param name="password">The password.</param>
    /// <exception cref="IOException">It is there, or cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made.</exception>
    public static void Init(string path, string adminName, PasswordHash password) => DynamicSecurityDisk.Create(path, InitMode, InitialContent(adminName, password));

    /// <summary>Carries out a request, <c>{"commands":[...]}</c>, on a file and writes it if something changed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="request">The request, as it would be published to <c>$CONTROL/dynamic-security/v1</c>.</param>
    /// <param name="iterations">Iterations of PBKDF2 for new passwords; 0 for the default.</param>
    /// <returns>The answer, when everything is on disk.</returns>
    /// <exception cref="SecurityFileException">The file cannot be read or something in it is wrong.</exception>
    /// <exception cref="IOException">The file cannot be written; it is as it was.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    /// <remarks>A broker that runs has its own copy and overwrites the file at its next change: send such a request to the broker instead.</remarks>
    public static byte[] Execute(string path, ReadOnlyMemory<byte> request, int iterations = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var disk = new DynamicSecurityDisk(path);
        var state = disk.Read().State;
        using var run = new DynamicSecurityRequest(
            state, request, null, NoBroker.Instance, password => PasswordHash.Make(System.Text.Encoding.UTF8.GetBytes(password), PasswordHashForm.Pbkdf2, iterations));
        run.RunToEnd();
        if (!ReferenceEquals(run.State, state)) disk.Replace(run.State);
        return run.Response;
    }

    private static void WriteAdminRole(CJsonWriter json)
    {
        json.BeginArray("roles"u8);
        json.BeginObject();
        json.String("rolename"u8, "admin");
        json.BeginArray("acls"u8);
        foreach (var (type, topic) in AdminRules)
        {
            json.BeginObject();
            json.String("acltype"u8, type);
            json.String("topic"u8, topic);
            json.Bool("allow"u8, true);
            json.EndObject();
        }

        json.EndArray();
        json.EndObject();
        json.EndArray();
    }
}
