using Nightjar.EndToEnd.Tests.Tools;

namespace Nightjar.EndToEnd.Tests.Control;

/// <summary>A Mosquitto of Debian's with its plugin for dynamic security, and an administrator in its file.</summary>
internal sealed class ControlledBroker : IAsyncDisposable
{
    /// <summary>Debian's tool.</summary>
    public const string Tool = "mosquitto_ctrl";

    /// <summary>Debian's broker, which brings the plugin with it.</summary>
    public const string Broker = "mosquitto";

    private const string Password = "adminpassword12";

    private readonly PublicFolder _folder;
    private readonly BrokerProcess _process;

    private ControlledBroker(PublicFolder folder, BrokerProcess process)
    {
        _folder = folder;
        _process = process;
    }

    /// <summary>Options that name the broker.</summary>
    public string[] Server => ["-h", "127.0.0.1", "-p", _process.PortText];

    /// <summary>Options that name the broker and the administrator.</summary>
    public string[] Administrator => [.. Server, "-u", "admin", "-P", Password];

    /// <summary>The port it listens at.</summary>
    public string PortText => _process.PortText;

    /// <summary>Starts it.</summary>
    /// <param name="prepare">Changes the file before the broker reads it.</param>
    public static async Task<ControlledBroker> StartAsync(Func<string, Task>? prepare = null)
    {
        var folder = new PublicFolder();
        try
        {
            string file = folder["dynamic-security.json"];
            (await ProcessRunner.RunAsync(ExternalTool.Require(Tool), ["dynsec", "init", file, "admin", Password])).AssertExitCode();
            if (prepare is not null) await prepare(file);
            // Mosquitto gives up root, and writes a new file beside this one then.
            folder.MakeReadable("dynamic-security.json");
            folder.MakeWritable();
            string plugin = Directory.GetDirectories("/usr/lib").Select(path => Path.Combine(path, "mosquitto_dynamic_security.so")).First(File.Exists);
            return new ControlledBroker(folder, await BrokerProcess.StartMosquittoAsync($"allow_anonymous true\nplugin {plugin}\nplugin_opt_config_file {file}\n"));
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }
}
