using System.Globalization;

namespace Nightjar.Host.Verbs;

/// <summary>The command line of <c>nightjar run</c>: Mosquitto's.</summary>
internal sealed record RunArguments
{
    private const int MaximumPorts = 10;

    internal string? ConfigurationFile { get; private set; }

    internal List<int> Ports { get; } = [];

    internal bool Verbose { get; private set; }

    /// <summary>Log nothing; wins over <see cref="Verbose"/>.</summary>
    internal bool Quiet { get; private set; }

    internal bool ShowHelp { get; private set; }

    internal bool ShowVersion { get; private set; }

    internal bool TestConfiguration { get; private set; }

    /// <summary>Whether to run in the background.</summary>
    internal bool Daemon { get; private set; }

    /// <summary>Where to write the keys of TLS connections, for a packet analyser; null: nowhere.</summary>
    internal string? KeyLogFile { get; private set; }

    /// <summary>Reads the arguments; <paramref name="message"/> says what is wrong with them.</summary>
    internal static bool TryParse(string[] args, out RunArguments arguments, out string message)
    {
        arguments = new RunArguments();
        message = "";
        for (var i = 0; i < args.Length && message.Length == 0; i++)
        {
            switch (args[i])
            {
                case "-c" or "--config-file" when i + 1 < args.Length:
                    arguments.ConfigurationFile = args[++i];
                    break;
                case "-c" or "--config-file":
                    message = "Error: -c argument given, but no config file specified.";
                    break;
                case "-p" or "--port":
                    message = arguments.AddPort(i + 1 < args.Length ? args[++i] : null);
                    break;
                case "-v" or "--verbose":
                    arguments.Verbose = true;
                    break;
                case "-q" or "--quiet":
                    arguments.Quiet = true;
                    break;
                case "-h" or "--help":
                    arguments.ShowHelp = true;
                    break;
                case "--version":
                    arguments.ShowVersion = true;
                    break;
                case "--test-config":
                    arguments.TestConfiguration = true;
                    break;
                case "-d" or "--daemon":
                    arguments.Daemon = true;
                    break;
                case "--tls-keylog" when i + 1 < args.Length:
                    arguments.KeyLogFile = args[++i];
                    break;
                case "--tls-keylog":
                    message = "Error: --tls-keylog argument given, but no file specified.";
                    break;
                default:
                    message = $"Error: Unknown option '{args[i]}'. 'nightjar --help' lists the options.";
                    break;
            }
        }

        if (message.Length == 0 && arguments is { TestConfiguration: true, ConfigurationFile: null }) message = "Error: --test-config needs -c with the file to check.";
        return message.Length == 0;
    }

    private string AddPort(string? text)
    {
        if (text is null) return "Error: -p argument given, but no port specified.";
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65_535)
            return $"Error: Invalid port specified ({text}).";
        if (Ports.Count == MaximumPorts) return $"Error: Only {MaximumPorts} ports can be specified.";
        Ports.Add(port);
        return "";
    }
}
