using System.Text;
using Nightjar.Broker.Security.DynamicSecurity;
using Nightjar.Broker.Security.Passwords;
using Nightjar.EndToEnd.Tests.Tools;

namespace Nightjar.EndToEnd.Tests.DynamicSecurity;

/// <summary>A broker with dynamic security, administered by the original mosquitto_ctrl as the user admin.</summary>
internal sealed class AdministeredBroker : IAsyncDisposable
{
    /// <summary>Name of the tool.</summary>
    public const string Ctrl = "mosquitto_ctrl";

    /// <summary>User of the tool.</summary>
    public const string Admin = "admin";

    /// <summary>Password of the tool.</summary>
    public const string Password = "secret of the admin";

    // Debian's, which the broker of Debian loads and ours recognises.
    private const string Plugin = "mosquitto_dynamic_security.so";

    private AdministeredBroker(BrokerProcess broker) => Broker = broker;

    /// <summary>The broker.</summary>
    public BrokerProcess Broker { get; }

    /// <summary>The plugin of the installed Mosquitto; null where there is none.</summary>
    public static string? PluginPath { get; } = Directory.Exists("/usr/lib")
        ? Directory.EnumerateFiles("/usr/lib", Plugin, new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, MaxRecursionDepth = 3 }).FirstOrDefault()
        : null;

    /// <summary>Makes a file with the administrator alone, as <c>dynsec init</c> does.</summary>
    public static void Init(string path) =>
        File.WriteAllBytes(path, DynamicSecurityTool.InitialContent(Admin, PasswordHash.Make(Encoding.UTF8.GetBytes(Password), PasswordHashForm.Pbkdf2, 101)));

    /// <summary>Makes it by the original tool: Mosquitto 2.0 reads nothing else.</summary>
    public static async Task InitByToolAsync(string path) =>
        (await ProcessRunner.RunAsync(ExternalTool.Require(Ctrl), ["dynsec", "init", path, Admin, Password])).AssertExitCode();

    /// <summary>Starts a broker on a file.</summary>
    /// <param name="isMosquitto">Whether it is the installed Mosquitto.</param>
    /// <param name="path">The file, which it must be able to replace.</param>
    /// <param name="more">Further lines of its configuration.</param>
    public static async Task<AdministeredBroker> StartAsync(bool isMosquitto, string path, string more = "")
    {
        // Root stays root, so that both can replace a file that the other has made.
        var user = Environment.IsPrivilegedProcess ? "user root\n" : "";
        var configuration = $"{user}allow_anonymous false\nplugin {PluginPath ?? "/usr/lib/" + Plugin}\nplugin_opt_config_file {path}\n{more}";
        return new AdministeredBroker(await (isMosquitto ? BrokerProcess.StartMosquittoAsync(configuration) : BrokerProcess.StartAsync(configuration)));
    }

    /// <summary>Runs mosquitto_ctrl and gives back what it printed and its exit code, without the words about encryption.</summary>
    /// <param name="command">Module, command and arguments, each a word; <c>""</c> is an empty one.</param>
    public async Task<string> RunAsync(string command)
    {
        var arguments = command.Split(' ').Select(word => word == "\"\"" ? "" : word);
        var result = await ProcessRunner.RunAsync(
            ExternalTool.Require(Ctrl), ["-h", "127.0.0.1", "-p", Broker.PortText, "-u", Admin, "-P", Password, .. arguments]);
        var errors = result.Errors.Split('\n').Where(line => line.Length > 0
            && !line.StartsWith("Warning: You are running mosquitto_ctrl without encryption", StringComparison.Ordinal)
            && !line.StartsWith("This means all of the configuration changes", StringComparison.Ordinal));
        return string.Join('\n', [.. result.Output.TrimEnd('\n').Split('\n'), .. errors, $"exit code {result.ExitCode}"]);
    }

    public ValueTask DisposeAsync() => Broker.DisposeAsync();
}
