using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Nightjar.Host.Configuration;
using Nightjar.Host.Configuration.Sections;
using Nightjar.Host.Logging;
using Nightjar.Host.Processes;
using Nightjar.Host.Running;
using Nightjar.Transport;

namespace Nightjar.Host.Verbs;

/// <summary><c>nightjar run</c>: the broker, with Mosquitto's options, log lines and exit codes.</summary>
internal static class RunVerb
{
    internal const string Usage = """
        nightjar is an MQTT 3.1, 3.1.1 and 5.0 broker.

        Usage: nightjar [run] [-c config_file] [-d] [-p port] [-q] [-v]
               nightjar pub|sub|rr ...   (as mosquitto_pub, mosquitto_sub, mosquitto_rr; --help for each)
               nightjar passwd ...       (password files, as mosquitto_passwd; --help for more)
               nightjar cert ...         (certificates for the broker and its clients; --help for more)
               nightjar store ...        (looks into stores, takes over those of Mosquitto; --help for more)

         -c, --config-file : the configuration file, in the format of mosquitto.conf.
         -d, --daemon      : run in the background. Without a log_dest lines go to syslog.
         -p, --port        : listen on this port of this machine (127.0.0.1 and ::1). May be given up to 10 times.
                             Not used when the configuration file has listeners.
         -q, --quiet       : log nothing, whatever the configuration file says.
         -v, --verbose     : log everything, whatever the configuration file says.
         -h, --help        : this text.
             --version     : the version.
             --test-config : check the configuration file and the files that it names, and exit.
             --tls-keylog  : write the keys of TLS connections with certificates to this file, for a packet analyser.

        Without a configuration file it listens on port 1883 of this machine only, and lets everybody in.
        """;

    /// <summary>Runs until SIGINT or SIGTERM.</summary>
    /// <returns>0 after a clean stop; 1 when an address cannot be listened on; 3 for a wrong option or configuration.</returns>
    internal static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        if (!RunArguments.TryParse(args, out var arguments, out var message))
        {
            await error.WriteLineAsync(message);
            return 3;
        }

        if (arguments.ShowHelp || arguments.ShowVersion)
        {
            await output.WriteLineAsync(arguments.ShowHelp ? Usage : $"nightjar version {Version}");
            return 0;
        }

        var configuration = HostConfiguration.Load(arguments.ConfigurationFile);
        if (configuration.Errors.Count > 0)
        {
            await WriteLinesAsync(error, configuration, configuration.Errors);
            return BrokerService.ConfigurationExitCode;
        }

        if (!Privileges.TryChoose(configuration.Process.User, out var privileges, out message))
        {
            await WriteLinesAsync(error, configuration, [message]);
            return arguments.TestConfiguration ? BrokerService.ConfigurationExitCode : BrokerService.StartExitCode;
        }

        if (arguments.TestConfiguration) return await TestAsync(configuration, arguments, privileges, error);
        if (arguments.Daemon && !Daemon.IsThis)
        {
            Daemon.Start(args.Where(arg => arg is not ("-d" or "--daemon")));
            return 0;
        }

        return await ServeAsync(arguments, configuration, privileges, output, error);
    }

    // What a start would refuse or warn of belongs to the check, the files that the configuration names included, read as the user that a start would read them.
    private static async Task<int> TestAsync(HostConfiguration configuration, RunArguments arguments, Privileges privileges, TextWriter error)
    {
        using var assembly = privileges.RunAsUser(() => BrokerAssembly.Load(configuration, arguments.Ports, NullLogger.Instance, dynamic: null));
        var warnings = configuration.Notices.Where(notice => notice.Type == LogTypes.Warning).Select(notice => notice.Text);
        var store = privileges.RunAsUser(() => PersistencePlan.Make(configuration)?.Check());
        string[] errors = store is null ? [.. assembly.Errors] : [.. assembly.Errors, store];
        await WriteLinesAsync(error, configuration, warnings.Concat(assembly.Warnings).Concat(errors));
        if (errors.Length > 0) return BrokerService.ConfigurationExitCode;
        await WriteLinesAsync(error, configuration, ["Configuration file is OK."]);
        return 0;
    }

    // Before there is a log, lines go to stderr in its form, as Mosquitto's do.
    private static async Task WriteLinesAsync(TextWriter error, HostConfiguration configuration, IEnumerable<string> lines)
    {
        foreach (var line in lines) await error.WriteLineAsync(LogText.Plain(configuration.Log, TimeProvider.System.GetLocalNow(), line));
    }

    internal static string Version => typeof(RunVerb).Assembly.GetName().Version!.ToString(3);

    private static async Task<int> ServeAsync(RunArguments arguments, HostConfiguration configuration, Privileges privileges, TextWriter output, TextWriter error)
    {
        SocketTransport.UseInlineCompletions();
        if (arguments.KeyLogFile is { } keyLog) TlsKeyLog.Enable(keyLog);
        LogTypes? forced = arguments.Quiet ? LogTypes.None : arguments.Verbose ? LogTypes.All : null;
        var publisher = new LogPublisher();
        var places = new LogPlaces(output, error) { Publish = publisher.Publish };
        if (configuration.Log.File is { } file) privileges.MakeFile(file);
        // A log file belongs to the user from the beginning: it is opened again later, after it was rotated.
        await using var log = privileges.RunAsUser(() => HostLogger.Start(Daemon.LogOf(configuration), places, TimeProvider.System, forced));
        if (arguments.ConfigurationFile is not null) HostLog.ConfigurationLoaded(log, arguments.ConfigurationFile);
        HostLog.Notices(log, configuration.Notices);
        AnnounceListening(arguments, configuration, log);
        await using var service = new BrokerService(arguments.ConfigurationFile, configuration, arguments.Ports, privileges, log, publisher);
        // Before anybody can see that the broker runs, and send a signal.
        using var signals = new ProcessSignals(service.ReloadAsync, service.SaveAsync, () => service.PrintSubscriptions(output), service.ReopenLog);
        var exitCode = await service.StartAsync();
        if (exitCode != 0) return exitCode;
        await signals.StopRequested;
        return 0;
    }

    private static void AnnounceListening(RunArguments arguments, HostConfiguration configuration, ILogger log)
    {
        if (!configuration.IsLocalOnly)
        {
            if (arguments.Ports.Count > 0) HostLog.PortIgnored(log);
            return;
        }

        HostLog.LocalOnly(log);
        HostLog.LocalOnlyHint(log);
        HostLog.LocalOnlyReference(log);
    }
}
