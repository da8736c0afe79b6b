using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Nightjar.Broker.Security.Passwords;
using Nightjar.Transport.Files;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>
/// The file that is made when none is there, as Mosquitto 2.1 makes it: a role for each usual task, the user <c>admin</c>, and the group <c>unauthenticated</c> for clients without a
/// user name. The password comes from a file, else from the environment, else it is a random one in <c>FILE.pw</c>, and so is then that of the user <c>democlient</c>.
/// </summary>
internal static class DynamicSecurityFirstFile
{
    /// <summary>Name of the variable of the environment.</summary>
    internal const string PasswordVariable = "MOSQUITTO_DYNSEC_PASSWORD";

    /// <summary>Fewest characters of a password that somebody chose.</summary>
    internal const int MinimumPasswordLength = 12;

    private const int RandomPasswordLength = 20;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const string AnonymousGroup = "unauthenticated";
    private static readonly AclType[] Everything = [AclType.PublishClientSend, AclType.PublishClientReceive, AclType.SubscribePattern, AclType.UnsubscribePattern];

    private static readonly DynamicRole[] Roles =
    [
        Role("broker-admin", "Grants access to administer general broker configuration.", "$CONTROL/broker/#", Everything),
        Role("client", "Read/write access to the full application topic hierarchy.", "#", Everything),
        Role("dynsec-admin", "Grants access to administer clients/groups/roles.", "$CONTROL/dynamic-security/#", Everything),
        Role("super-admin", "Grants access to administer all kind of broker controls", "$CONTROL/#", Everything),
        Role("sys-notify", "Allow bridges to publish connection state messages.", "$SYS/broker/connection/%c/state", AclType.PublishClientSend),
        Role("sys-observe", "Observe the $SYS topic hierarchy.", "$SYS/#", AclType.PublishClientReceive, AclType.SubscribePattern),
        Role("topic-observe", "Read only access to the full application topic hierarchy.", "#", AclType.PublishClientReceive, AclType.SubscribePattern, AclType.UnsubscribePattern),
    ];

    /// <summary>Makes the file, and <c>FILE.pw</c> if the passwords are random.</summary>
    /// <param name="path">The file; it is not there.</param>
    /// <param name="passwordFile">The file whose first line is the password (<c>plugin_opt_password_init_file</c>); null for none.</param>
    /// <param name="environmentPassword">What the environment says; null for nothing.</param>
    /// <param name="hash">Makes the hash of a password; null for the usual one.</param>
    /// <returns>Lines for the log: what was made, and where the passwords are.</returns>
    /// <exception cref="SecurityFileException">The password given is too short, or a file cannot be read or made.</exception>
    internal static IReadOnlyList<string> Create(string path, string? passwordFile, string? environmentPassword, Func<string, PasswordHash>? hash = null)
    {
        hash ??= static password => PasswordHash.Make(Encoding.UTF8.GetBytes(password));
        var chosen = passwordFile is not null ? FromFile(passwordFile) : FromEnvironment(environmentPassword);
        var admin = chosen ?? RandomPassword();
        var demonstration = chosen is null ? RandomPassword() : null;
        var state = State(hash(admin), demonstration is null ? null : hash(demonstration));
        List<string> lines = [$"Dynamic security config {path} not found, generating a default one."];
        try
        {
            if (demonstration is not null)
            {
                var passwords = path + ".pw";
                // First the passwords: a file whose passwords nobody knows would have to be deleted by hand.
                File.Delete(passwords);
                DynamicSecurityDisk.Create(passwords, OwnerOnly, Encoding.UTF8.GetBytes($"admin {admin}\ndemoclient {demonstration}\n"));
                lines.Add($"The passwords of the users admin and democlient are in {passwords}.");
            }

            DynamicSecurityDisk.Create(path, OwnerOnly, DynamicSecurityFileWriter.ToBytes(state));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SecurityFileException($"Error: Unable to create dynamic security config \"{path}\". {exception.Message.TrimEnd('.')}.");
        }

        return lines;
    }

    /// <summary>What stands in it.</summary>
    /// <param name="admin">Password of <c>admin</c>.</param>
    /// <param name="demonstration">Password of <c>democlient</c>; null: there is no such user.</param>
    internal static DynamicSecurityState State(PasswordHash admin, PasswordHash? demonstration)
    {
        var state = DynamicSecurityState.Empty;
        state = state with
        {
            Roles = state.Roles.AddRange(Roles.Select(static role => KeyValuePair.Create(role.RoleName, role))),
            Clients = state.Clients.Add("admin", new DynamicClient("admin")
            {
                TextName = "Admin user",
                Password = admin,
                Roles = Grants("super-admin", "sys-observe", "topic-observe"),
            }),
            Groups = state.Groups.Add(AnonymousGroup, new DynamicGroup(AnonymousGroup)
            {
                TextName = "Unauthenticated group",
                TextDescription = "If unauthenticated access is allowed, this group can be used to define roles for clients that connect without a password.",
            }),
            AnonymousGroup = AnonymousGroup,
        };
        if (demonstration is null) return state;
        var client = new DynamicClient("democlient")
        {
            TextName = "Demonstration client with full read/write access to the topic hierarchy.",
            Password = demonstration,
            Roles = Grants("client"),
        };
        return state with { Clients = state.Clients.Add(client.UserName, client) };
    }

    private static DynamicRole Role(string name, string description, string topic, params AclType[] types) => new(name)
    {
        TextDescription = description,
        Rules = [.. types.Select(type => new DynamicRule(type, topic, 0, true))],
    };

    private static ImmutableArray<RoleGrant> Grants(params string[] names) => [.. names.Select(static name => new RoleGrant(name, DynamicText.NoPriority))];

    private static string FromFile(string path)
    {
        string text;
        try
        {
            text = RegularFile.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new SecurityFileException($"Error: Unable to open password_init_file \"{path}\". {exception.Message.TrimEnd('.')}.");
        }

        var end = text.AsSpan().IndexOfAny('\r', '\n');
        return Checked(end < 0 ? text : text[..end], $"The password in password_init_file \"{path}\"");
    }

    private static string? FromEnvironment(string? password) => string.IsNullOrEmpty(password) ? null : Checked(password, $"The password in {PasswordVariable}");

    private static string Checked(string password, string what) => password.Length >= MinimumPasswordLength
        ? password
        : throw new SecurityFileException($"Error: {what} is too short. Use at least {MinimumPasswordLength} characters.");

    private static string RandomPassword() => RandomNumberGenerator.GetString("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", RandomPasswordLength);
}
