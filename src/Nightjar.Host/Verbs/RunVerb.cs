using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Nightjar.Broker;
using Nightjar.Host.Configuration;
using Nightjar.Host.Configuration.Sections;
using Nightjar.Host.Logging;
using Nightjar.Transport;

namespace Nightjar.Host.Verbs;

/// <summary><c>nightjar run</c>: the broker, with Mosquitto's options, log lines and exit codes.</summary>
internal static class RunVerb
{
    internal const string Usage = """
        nightjar is an MQTT 3.1, 3.1.1 and 5.0 broker.

        Usage: nightjar [run] [-c config_file] [-p port] [-q] [-v]
               nightjar pub|sub|rr ...   (as mosquitto_pub, mosquitto_sub, mosquitto_rr; --help for each)
               nightjar cert ...         (certificates for the broker and its clients; --help for more)

         -c, --config-file : the configuration file, in the format of mosquitto.conf.
         -p, --port        : listen on this port of this machine (127.0.0.1 and ::1). May be given up to 10 times.
                             Not used when the configuration file has listeners.
         -q, --quiet       : log nothing, whatever the configuration file says.
         -v, --verbose     : log everything, whatever the configuration file says.
         -h, --help        : this text.
             --version     : the version.
             --test-config : check the configuration file and exit.

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

        var errors = new List<string>();
        var configuration = HostConfiguration.Load(arguments.ConfigurationFile);
        var plans = configuration.Errors.Count == 0 ? ListenerPlan.Make(configuration, arguments.Ports, errors) : [];
        errors.AddRange(configuration.Errors);
        if (errors.Count > 0) await WriteLinesAsync(error, configuration, errors);
        if (errors.Count > 0) return 3;
        if (!arguments.TestConfiguration) return await ServeAsync(arguments, configuration, plans, output, error);

        // What a start would warn of belongs to the check.
        var warnings = configuration.Notices.Where(notice => notice.Type == LogTypes.Warning).Select(notice => notice.Text);
        await WriteLinesAsync(error, configuration, warnings.Append("Configuration file is OK."));
        return 0;
    }

    // Before there is a log, lines go to stderr in its form, as Mosquitto's do.
    private static async Task WriteLinesAsync(TextWriter error, HostConfiguration configuration, IEnumerable<string> lines)
    {
        foreach (var line in lines) await error.WriteLineAsync(LogText.Plain(configuration.Log, TimeProvider.System.GetLocalNow(), line));
    }

    internal static string Version => typeof(RunVerb).Assembly.GetName().Version!.ToString(3);

    private static async Task<int> ServeAsync(RunArguments arguments, HostConfiguration configuration, IReadOnlyList<ListenerPlan> plans, TextWriter output, TextWriter error)
    {
        SocketTransport.UseInlineCompletions();
        LogTypes? forced = arguments.Quiet ? LogTypes.None : arguments.Verbose ? LogTypes.All : null;
        var publisher = new LogPublisher();
        var places = new LogPlaces(output, error) { Publish = publisher.Publish };
        await using var log = HostLogger.Start(configuration.Log, places, TimeProvider.System, forced);
        if (arguments.ConfigurationFile is not null) HostLog.ConfigurationLoaded(log, arguments.ConfigurationFile);
        HostLog.Notices(log, configuration.Notices);
        AnnounceListening(arguments, configuration, log);
        var options = configuration.Options with { Listeners = [.. plans.Select(plan => plan.Options)] };
        var broker = new MqttBroker(options, log);
        await using (broker.ConfigureAwait(false))
        {
            using var stop = new StopSignal();
            try
            {
                await broker.StartAsync();
                publisher.Attach(broker);
            }
            catch (SocketException exception)
            {
                // The engine has closed what was open; which address it was is in the message.
                HostLog.CannotListen(log, exception.Message);
                return 1;
            }

            await stop.Requested;
            publisher.Detach();
            await broker.StopAsync();
        }

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

    /// <summary>SIGINT and SIGTERM, taken over from the runtime so that the broker stops before the process does.</summary>
    private sealed class StopSignal : IDisposable
    {
        private readonly TaskCompletionSource _requested = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly PosixSignalRegistration[] _registrations;

        internal StopSignal()
        {
            _registrations = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM }.Select(signal => PosixSignalRegistration.Create(signal, Stop))];
        }

        internal Task Requested => _requested.Task;

        public void Dispose()
        {
            foreach (var registration in _registrations) registration.Dispose();
        }

        private void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            _requested.TrySetResult();
        }
    }
}
