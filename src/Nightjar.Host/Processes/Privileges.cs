using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Nightjar.Host.Processes;

/// <summary>
/// Started as root, the broker goes on as another user: <c>user</c> of the configuration. What the configuration names is read as that user,
/// so that a reload later can read what the start could; sockets are opened as root, so that ports below 1024 can be had.
/// </summary>
internal sealed class Privileges
{
    private const string DefaultUser = "mosquitto";
    private const string FallbackUser = "nobody";
    private readonly UserAccount? _account;

    private Privileges(UserAccount? account, string? warning)
    {
        _account = account;
        Warning = warning;
    }

    /// <summary>What the administrator should know; null for nothing.</summary>
    internal string? Warning { get; }

    /// <summary>The user that the process becomes; null when it stays who it is.</summary>
    internal string? UserName => _account?.Name;

    /// <summary>Chooses the user.</summary>
    /// <param name="user">What the configuration says; null for the default: mosquitto, or nobody where there is no such user.</param>
    /// <param name="privileges">The choice.</param>
    /// <param name="error">What is wrong, in Mosquitto's words; empty when all is well.</param>
    /// <returns>False when the user does not exist.</returns>
    /// <remarks>Where the process is not root, or not on Linux, nothing will change and nothing is looked up.</remarks>
    internal static bool TryChoose(string? user, out Privileges privileges, out string error)
    {
        error = "";
        privileges = new Privileges(null, null);
        if (!OperatingSystem.IsLinux() || LibC.GetEffectiveUserId() != 0) return true;
        if (user == "root")
        {
            privileges = new Privileges(null, "Warning: Nightjar should not be run as root/administrator.");
            return true;
        }

        var account = Find(user ?? DefaultUser) ?? (user is null or DefaultUser ? Find(FallbackUser) : null);
        if (account is null)
        {
            error = $"Error: Invalid user '{user ?? DefaultUser}'. Create it, or set 'user' to one that exists.";
            return false;
        }

        // The runtime loads code when it is first needed, long after the change: code that the user cannot read would end the process then.
        if (As(account.Value, CanReadOwnFiles))
        {
            privileges = new Privileges(account, null);
            return true;
        }

        if (user is not null)
        {
            error = $"Error: User '{user}' cannot read the program's own files in {AppContext.BaseDirectory}. Install it where that user can read it, or set 'user root'.";
            return false;
        }

        privileges = new Privileges(null, $"Warning: Nightjar runs as root, because user '{account.Value.Name}' cannot read the program's own files in {AppContext.BaseDirectory}. Install it where that user can read it.");
        return true;
    }

    /// <summary>Does something with the rights the process will have later, so that what cannot be read then is found out now.</summary>
    internal T RunAsUser<T>(Func<T> action) => _account is { } account && OperatingSystem.IsLinux() ? As(account, action) : action();

    /// <inheritdoc cref="RunAsUser{T}"/>
    internal void RunAsUser(Action action) => RunAsUser(() =>
    {
        action();
        return true;
    });

    /// <summary>Makes a file of root's the user's. Where the file system has no owners it stays what it is.</summary>
    internal void GiveAway(SafeFileHandle file)
    {
        if (_account is { } account && OperatingSystem.IsLinux()) _ = LibC.ChangeOwner(file, account.UserId, account.GroupId);
    }

    /// <summary>Makes a secret that root has just made for the broker one that the broker can read: it belongs to the user that a broker started as root becomes.</summary>
    /// <param name="path">The file.</param>
    /// <remarks>Does nothing for who is not root, and nothing where there is no user mosquitto: what belongs to nobody is nobody's secret.</remarks>
    internal static void GiveToBroker(string path)
    {
        if (!OperatingSystem.IsLinux() || LibC.GetEffectiveUserId() != 0 || Find(DefaultUser) is not { } account) return;
        using var file = File.OpenHandle(path);
        _ = LibC.ChangeOwner(file, account.UserId, account.GroupId);
    }

    /// <summary>
    /// Has a file there that the process may open again when it is the user: log files are opened anew after they were rotated. Where the user
    /// cannot make it, root makes it and gives it to him.
    /// </summary>
    /// <param name="path">The file. One that is there stays as it is.</param>
    /// <remarks>As root nothing is opened that is there: in a folder of the user it may be a link of his to somebody else's file. What is wrong shows when the file is opened.</remarks>
    internal void MakeFile(string path)
    {
        if (_account is not { } account || !OperatingSystem.IsLinux()) return;
        using var byUser = As(account, () => TryMake(path));
        if (byUser is not null || Path.Exists(path)) return;
        using var byRoot = TryMake(path);
        if (byRoot is not null) GiveAway(byRoot);
    }

    /// <summary>Becomes the user, for good.</summary>
    /// <exception cref="Win32Exception">The operating system refuses; the message says which step.</exception>
    internal void Drop()
    {
        if (_account is not { } account || !OperatingSystem.IsLinux()) return;
        Check(LibC.SetGroups(account.Name, account.GroupId), "setting groups");
        Check(LibC.SetGroupId(account.GroupId), "setting group");
        Check(LibC.SetUserId(account.UserId), "setting user");
    }

    [SupportedOSPlatform("linux")]
    private static T As<T>(UserAccount account, Func<T> action)
    {
        Check(LibC.SetEffectiveGroupId(account.GroupId), "setting group");
        try
        {
            Check(LibC.SetEffectiveUserId(account.UserId), "setting user");
            return action();
        }
        finally
        {
            Check(LibC.SetEffectiveUserId(0), "becoming root again");
            Check(LibC.SetEffectiveGroupId(0), "becoming root again");
        }
    }

    [SupportedOSPlatform("linux")]
    private static unsafe UserAccount? Find(string name)
    {
        var found = LibC.GetUser(name);
        return found is null ? null : new UserAccount(name, found->UserId, found->GroupId);
    }

    // CreateNew does not follow a link.
    private static SafeFileHandle? TryMake(string path)
    {
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            return new FileStream(path, options).SafeFileHandle;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    [System.Diagnostics.CodeAnalysis.UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "A place that is empty is passed over.")]
    private static bool CanReadOwnFiles()
    {
        try
        {
            foreach (var file in new[] { Path.Combine(AppContext.BaseDirectory, "nightjar.dll"), typeof(object).Assembly.Location })
            {
                // A single-file program has no files of its own.
                if (file.Length > 0 && File.Exists(file)) File.OpenHandle(file).Dispose();
                else if (file.Length > 0 && !Directory.Exists(Path.GetDirectoryName(file))) return false;
            }

            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static void Check(int result, string step)
    {
        if (result == 0) return;
        var error = Marshal.GetLastPInvokeError();
        throw new Win32Exception(error, $"Error {step} whilst dropping privileges: {Marshal.GetPInvokeErrorMessage(error)}.");
    }
}
