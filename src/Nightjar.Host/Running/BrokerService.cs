using System.ComponentModel;
using System.Net.Sockets;
using Nightjar.Broker;
using Nightjar.Host.Configuration;
using Nightjar.Host.Configuration.Sections;
using Nightjar.Host.Logging;
using Nightjar.Host.Processes;
using Nightjar.Storage;

namespace Nightjar.Host.Running;

/// <summary>The broker as a process: started with a configuration, reloaded by SIGHUP, stopped by SIGTERM.</summary>
internal sealed class BrokerService : IAsyncDisposable
{
    /// <summary>Exit code when something that a configuration names cannot be used.</summary>
    internal const int ConfigurationExitCode = 3;

    /// <summary>Exit code when an address cannot be listened on, a user or file not be had.</summary>
    internal const int StartExitCode = 1;

    private readonly string? _path;
    private readonly IReadOnlyList<int> _localPorts;
    private readonly Privileges _privileges;
    private readonly HostLogger _log;
    private readonly LogPublisher _publisher;
    private readonly DynamicSecurityFiles _dynamic;
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private HostConfiguration _configuration;
    private BrokerAssembly? _assembly;

    // What a reload replaced last: a connection that was accepted at that very moment may still be about to begin its handshake with it.
    private BrokerAssembly? _previous;
    private MqttBroker? _broker;
    private SqliteStore? _store;
    private string? _storePath;
    private PidFile? _pidFile;

    /// <summary>Makes one that is not started.</summary>
    /// <param name="path">The configuration file; null for none.</param>
    /// <param name="configuration">What stands in it; without errors.</param>
    /// <param name="localPorts">Ports of the command line, for local only mode.</param>
    /// <param name="privileges">Who the process becomes.</param>
    /// <param name="log">The log; not owned.</param>
    /// <param name="publisher">What carries log lines to topics; given the broker while it runs.</param>
    internal BrokerService(
        string? path, HostConfiguration configuration, IReadOnlyList<int> localPorts, Privileges privileges, HostLogger log, LogPublisher publisher)
    {
        _path = path;
        _configuration = configuration;
        _localPorts = localPorts;
        _privileges = privileges;
        _log = log;
        _publisher = publisher;
        _dynamic = new DynamicSecurityFiles(log);
    }

    /// <summary>Starts the broker.</summary>
    /// <returns>0 when it runs; otherwise the exit code, and the log says why.</returns>
    internal async Task<int> StartAsync()
    {
        if (_privileges.Warning is { } warning) HostLog.Warning(_log, warning);
        LogPlugins();
        _assembly = _privileges.RunAsUser(() => BrokerAssembly.Load(_configuration, _localPorts, _log, _dynamic));
        foreach (var text in _assembly.Warnings) HostLog.Warning(_log, text);
        if (_assembly.Errors.Count > 0)
        {
            foreach (var text in _assembly.Errors) HostLog.Failed(_log, text);
            return _assembly.IsOnlyTlsWrong ? StartExitCode : ConfigurationExitCode;
        }

        await _dynamic.CommitAsync();
        foreach (var text in (string[])["Persistence support available.", "TLS support available.", "TLS-PSK support available.", "Websockets support available."]) HostLog.Information(_log, text);
        if (!TryMakeBroker()) return StartExitCode;
        try
        {
            await _broker!.StartAsync(() =>
            {
                _pidFile = PidFile.Write(_configuration.Process.PidFile, _privileges);
                _privileges.Drop();
            });
        }
        catch (Exception exception) when (exception is SocketException or IOException or UnauthorizedAccessException or Win32Exception)
        {
            // The engine has closed what was open; which address or file it was is in the message.
            HostLog.CannotListen(_log, exception.Message);
            return StartExitCode;
        }

        _publisher.Attach(_broker!);
        _started.SetResult();
        return 0;
    }

    // As the user, so that the store's files are his: he opens them again later.
    private bool TryMakeBroker()
    {
        var plan = PersistencePlan.Make(_configuration);
        var unread = plan?.Unread();
        try
        {
            if (plan is not null) SqliteStore.LoadLibrary();
            _privileges.RunAsUser(() =>
            {
                if (plan is not null) OpenStore(plan);
                _broker = new MqttBroker(_assembly!.Options, _log, authenticator: _assembly.Authenticator, authorizer: _assembly.Authorizer, store: _store);
            });
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or DllNotFoundException)
        {
            HostLog.Failed(_log, exception.Message.StartsWith("Error: ", StringComparison.Ordinal) ? exception.Message : $"Error: {exception.Message}");
            return false;
        }

        if (unread is not null) HostLog.Warning(_log, unread);
        return true;
    }

    private void OpenStore(PersistencePlan plan)
    {
        if (plan.Check() is { } error) throw new IOException(error);
        _store = SqliteStore.Open(plan.Options with { Notice = notice => HostLog.Warning(_log, $"Warning: {notice}") });
        _storePath = plan.Options.Path;
        HostLog.Information(_log, $"State is kept in {_storePath}.");
        foreach (var notice in _store.Notices) HostLog.Warning(_log, $"Warning: {notice}");
    }

    /// <summary>Reads everything again and puts it into force, all or nothing. What is wrong is logged, and everything stays as it was.</summary>
    /// <remarks>Waits for the start to end; before that there is nothing that could be reloaded.</remarks>
    internal async Task ReloadAsync()
    {
        await _started.Task;
        HostLog.Reloading(_log);
        if (_path is null)
        {
            HostLog.Warning(_log, "Warning: There is nothing to reload: nightjar was started without a configuration file.");
            return;
        }

        try
        {
            await ReloadAsync(_path);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A signal has nobody to tell.
            Refuse([$"Error: {exception.Message}"]);
        }
    }

    private async Task ReloadAsync(string path)
    {
        var configuration = HostConfiguration.Load(path);
        if (configuration.Errors.Count > 0)
        {
            Refuse(configuration.Errors);
            return;
        }

        var assembly = BrokerAssembly.Load(configuration, _localPorts, _log, _dynamic);
        IReadOnlyList<string> errors = assembly.Errors.Count > 0 ? assembly.Errors : _log.Check(Daemon.LogOf(configuration)) is { } error ? [error] : [];
        if (errors.Count > 0)
        {
            Refuse(errors);
            assembly.Dispose();
            await _dynamic.UndoAsync();
            return;
        }

        try
        {
            var result = await _broker!.ReloadAsync(assembly.Options, assembly.Authenticator, assembly.Authorizer);
            await _dynamic.CommitAsync();
            Report(configuration, assembly);
            HostLog.Reloaded(_log, result.ListenersAdded, result.ListenersRemoved, result.ClientsDisconnected);
        }
        catch
        {
            assembly.Dispose();
            await _dynamic.UndoAsync();
            throw;
        }

        _previous?.Dispose();
        _previous = _assembly;
        _assembly = assembly;
        _configuration = configuration;
        if (_log.Reconfigure(Daemon.LogOf(configuration)) is { } lost) HostLog.Failed(_log, lost);
        else _log.Reopen();
    }

    /// <summary>SIGUSR1: everything goes into the file that it is kept in, whatever <c>persistence_sync</c> says.</summary>
    internal async Task SaveAsync()
    {
        if (_store is null)
        {
            HostLog.Warning(_log, "Warning: There is nothing to save: persistence is not active.");
            return;
        }

        HostLog.Saving(_log, _storePath!);
        try
        {
            await _store.CheckpointAsync();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A signal has nobody to tell.
            HostLog.Failed(_log, $"Error saving in-memory database: {exception.Message}");
        }
    }

    /// <summary>SIGUSR2: the subscriptions on the standard output, as Mosquitto prints them.</summary>
    internal void PrintSubscriptions(TextWriter output)
    {
        _broker?.WriteSubscriptions(output);
        output.Flush();
    }

    /// <summary>SIGRTMIN, after the log file was moved away.</summary>
    internal void ReopenLog() => _log.Reopen();

    /// <summary>Stops the broker.</summary>
    public async ValueTask DisposeAsync()
    {
        _publisher.Detach();
        if (_broker is not null) await _broker.DisposeAsync();
        await _dynamic.DisposeAsync();
        await CloseStoreAsync();
        _assembly?.Dispose();
        _previous?.Dispose();
        _pidFile?.Dispose();
    }

    // Mosquitto's lines, of which tools tell that a plugin is there.
    private void LogPlugins()
    {
        foreach (var plugin in _configuration.Plugins.Where(plugin => plugin.Kind is PluginKind.PasswordFile or PluginKind.AclFile or PluginKind.DynamicSecurity))
        {
            var name = PluginNames.Of(plugin.Kind);
            HostLog.Information(_log, $"Loading plugin: {plugin.Path}");
            HostLog.Information(_log, $"Plugin {name} version {Verbs.RunVerb.Version} loaded.");
            foreach (var handled in PluginNames.EventsOf(plugin.Kind)) HostLog.Information(_log, $"Plugin {name} has registered to receive '{handled}' events.");
        }
    }

    private async Task CloseStoreAsync()
    {
        if (_store is null) return;
        if (_broker is not null) HostLog.Saving(_log, _storePath!);
        try
        {
            await _store.DisposeAsync();
        }
        catch (IOException exception)
        {
            HostLog.Failed(_log, $"Error: {exception.Message}");
        }

        _store = null;
    }

    private void Report(HostConfiguration configuration, BrokerAssembly assembly)
    {
        HostLog.Notices(_log, configuration.Notices);
        foreach (var warning in assembly.Warnings) HostLog.Warning(_log, warning);
        foreach (var change in configuration.ChangesFrom(_configuration)) HostLog.Changed(_log, change.ToString());
    }

    private void Refuse(IEnumerable<string> errors)
    {
        foreach (var error in errors) HostLog.Failed(_log, error);
        HostLog.NotReloaded(_log);
    }
}
