using System.Globalization;
using System.Text;
using Nightjar.Protocol;

namespace Nightjar.Host.Verbs.Options;

/// <summary>Reads the options of mosquitto_pub, mosquitto_sub, mosquitto_rr and mosquitto_ctrl. One table declares them.</summary>
internal sealed class ToolOptionParser
{
    private static readonly Dictionary<string, ToolOption> s_options = BuildTable();

    private readonly ToolOptions _options;
    private bool _fromFile;

    private ToolOptionParser(ToolOptions options) => _options = options;

    /// <summary>Reads the option file, if there is one, and the command line, and checks the whole.</summary>
    /// <exception cref="UsageException">Something is wrong; the message says what.</exception>
    internal static ToolOptions Parse(ToolKind kind, IReadOnlyList<string> arguments, TextReader? optionFile = null)
    {
        var options = new ToolOptions(kind);
        var parser = new ToolOptionParser(options);
        parser.ParseFile(optionFile);
        parser.ParseAll(arguments);
        ToolOptionChecker.Check(options);
        return options;
    }

    /// <summary>Reads the options of ctrl, which stand before the module, and its option file, and checks the whole.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="open">Opens the option file that -o names, or the user's where it is null; null for none.</param>
    /// <param name="rest">The module, the command and its arguments.</param>
    /// <exception cref="UsageException">Something is wrong; the message says what.</exception>
    internal static ToolOptions ParseLeading(IReadOnlyList<string> arguments, Func<string?, TextReader?> open, out string[] rest)
    {
        var count = 0;
        // Once to learn which file, and once more after it: the command line has the last word.
        var named = new ToolOptions(ToolKind.Ctrl);
        new ToolOptionParser(named).Parse(arguments, ref count, leadingOnly: true);
        rest = [.. arguments.Skip(count)];
        if (named.Question is not null) return named;
        var options = new ToolOptions(ToolKind.Ctrl);
        var parser = new ToolOptionParser(options);
        using TextReader? file = open(named.OptionFile);
        parser.ParseFile(file);
        count = 0;
        parser.Parse(arguments, ref count, leadingOnly: true);
        ToolOptionChecker.Check(options);
        return options;
    }

    private static Dictionary<string, ToolOption> BuildTable()
    {
        var table = new Dictionary<string, ToolOption>(StringComparer.Ordinal);
        void Add(string names, ToolKind kinds, string missing, Action<ToolOptions, string> set)
        {
            foreach (string name in names.Split(' ')) table[name] = new ToolOption(kinds, missing, set);
        }

        const ToolKind pubAndRr = ToolKind.Pub | ToolKind.Rr;
        const ToolKind subAndRr = ToolKind.Sub | ToolKind.Rr;
        Add("-A", ToolKind.Every, "-A argument given but no address specified.", static (o, v) => o.BindAddress = v);
        Add("-C", ToolKind.Sub, "-C argument given but no count specified.", static (o, v) => o.MessageCount = Positive(v, "Invalid message count \"{0}\"."));
        Add("-c --disable-clean-session", ToolKind.All, "", static (o, _) => o.CleanSession = false);
        Add("-d --debug", ToolKind.Every, "", static (o, _) => o.Debug = true);
        Add("-E", ToolKind.Sub, "", static (o, _) => o.ExitAfterSubscribe = true);
        Add("-e", ToolKind.Rr, "-e argument given but no response topic specified.", static (o, v) => o.ResponseTopic = ToolText.ResponseTopic(v));
        Add("-f --file", pubAndRr | ToolKind.Ctrl, "-f argument given but no file specified.", SetFile);
        Add("-F", subAndRr, "-F argument given but no format specified.", static (o, v) => o.Format = Output.MessageFormat.Check(v));
        Add("-h --host", ToolKind.Every, "-h argument given but no host specified.", static (o, v) => SetHost(o, v));
        Add("-i --id", ToolKind.Every, "-i argument given but no id specified.", static (o, v) => o.ClientId = o.ClientIdPrefix is null ? v : throw BothIds());
        Add("-I --id-prefix", ToolKind.All, "-I argument given but no id prefix specified.", static (o, v) => o.ClientIdPrefix = o.ClientId is null ? v : throw BothIds());
        Add("-k --keepalive", ToolKind.All, "-k argument given but no keepalive specified.", static (o, v) => o.KeepAlive = (ushort)Between(v, 5, 65535, "Invalid keepalive given, it must be between 5 and 65535 inclusive."));
        Add("-L --url", ToolKind.Every, "-L argument given but no URL specified.", ToolUrl.Apply);
        Add("-l --stdin-line", ToolKind.Pub, "", static (o, _) => SetPayload(o, PayloadSource.StandardInputLines, null));
        Add("-m --message", pubAndRr, "-m argument given but no message specified.", static (o, v) => SetPayload(o, PayloadSource.Argument, v));
        Add("-M", ToolKind.All, "-M argument given but max_inflight not specified.", static (o, v) => o.MaximumInflight = Between(v, 1, 65535, "Maximum inflight messages must be greater than 0."));
        Add("-N", subAndRr, "", static (o, _) => o.NoEndOfLine = true);
        Add("-n --null-message", pubAndRr, "", static (o, _) => SetPayload(o, PayloadSource.Null, null));
        Add("--nodelay", ToolKind.All, "", static (o, _) => o.NoDelay = true);
        Add("-o", ToolKind.Ctrl, "-o argument given but no options file specified.", static (o, v) => o.OptionFile = v);
        Add("--help", ToolKind.Ctrl, "", static (o, _) => o.Question = "--help");
        Add("--version", ToolKind.Ctrl, "", static (o, _) => o.Question = "--version");
        Add("-p --port", ToolKind.Every, "-p argument given but no port specified.", static (o, v) => o.Port = Port(v));
        Add("-P --pw", ToolKind.Every, "-P argument given but no password specified.", static (o, v) => o.Password = v);
        Add("--pretty", subAndRr, "", static (o, _) => o.Pretty = true);
        Add("-q --qos", ToolKind.Every, "-q argument given but no QoS specified.", static (o, v) => o.QoS = QoS(v));
        Add("--quiet", ToolKind.Every, "", static (o, _) => o.Quiet = true);
        Add("-r --retain", ToolKind.Pub, "", static (o, _) => o.Retain = true);
        Add("-R", subAndRr, "", static (o, _) => o.NoRetained = true);
        Add("--random-filter", ToolKind.Sub, "--random-filter argument given but no chance specified.", static (o, v) => o.RandomFilter = Chance(v));
        Add("--remove-retained", ToolKind.Sub, "", static (o, _) => o.RemoveRetained = true);
        Add("--repeat", ToolKind.Pub, "--repeat argument given but no count specified.", static (o, v) => o.RepeatCount = Between(v, 1, int.MaxValue, "--repeat argument must be >0."));
        Add("--repeat-delay", ToolKind.Pub, "--repeat-delay argument given but no time specified.", static (o, v) => o.RepeatDelay = Seconds(v));
        Add("--retain-as-published", ToolKind.Sub, "", static (o, _) => o.RetainAsPublished = true);
        Add("--retain-handling", ToolKind.Sub, "--retain-handling argument given but no option specified.", static (o, v) => o.RetainHandling = Handling(v));
        Add("--retained-only", ToolKind.Sub, "", static (o, _) => o.RetainedOnly = true);
        Add("--message-rate", ToolKind.Sub, "", static (o, _) => o.MessageRate = true);
        Add("-w --watch", ToolKind.Sub, "", static (o, _) => o.Watch = true);
        Add("-s --stdin-file", pubAndRr, "", static (o, _) => SetPayload(o, PayloadSource.StandardInput, null));
        Add("-S", ToolKind.All, "", static (o, _) => o.UnavailableOption ??= "-S");
        Add("-t --topic", ToolKind.All, "-t argument given but no topic specified.", ToolText.AddTopic);
        Add("-T --filter-out", ToolKind.Sub, "-T argument given but no topic filter specified.", static (o, v) => o.FilteredOut.Add(ToolText.Filter(v, "-T", "filter")));
        Add("-u --username", ToolKind.Every, "-u argument given but no username specified.", static (o, v) => o.UserName = v);
        Add("-U --unsubscribe", ToolKind.Sub, "-U argument given but no unsubscribe topic specified.", static (o, v) => o.Unsubscribe.Add(ToolText.Filter(v, "-U", "unsubscribe")));
        Add("--unix", ToolKind.Every, "--unix argument given but no socket path specified.", static (o, v) => SetUnixPath(o, v));
        Add("-v --verbose", subAndRr | ToolKind.Ctrl, "", static (o, _) => o.Verbose = true);
        Add("-V --protocol-version", ToolKind.Every, "--protocol-version argument given but no version specified.", static (o, v) => o.Version = VersionOf(v));
        Add("-W", subAndRr, "-W argument given but no timeout specified.", static (o, v) => o.TimeoutSeconds = Positive(v, "Invalid timeout \"{0}\"."));
        Add("-x", ToolKind.All, "-x argument given but no session expiry interval specified.", ToolText.SetSessionExpiry);
        Add("--will-payload", ToolKind.All, "--will-payload argument given but no will payload specified.", static (o, v) => o.WillPayload = v);
        Add("--will-qos", ToolKind.All, "--will-qos argument given but no will QoS specified.", static (o, v) => o.WillQoS = (QualityOfService)Between(v, 0, 2, $"Invalid will QoS {ToolProperties.ParseLeadingInteger(v)}."));
        Add("--will-retain", ToolKind.All, "", static (o, _) => o.WillRetain = true);
        Add("--will-topic", ToolKind.All, "--will-topic argument given but no will topic specified.", static (o, v) => o.WillTopic = ToolText.WillTopic(v));
        Add("--ws", ToolKind.All, "", static (o, _) => o.UnavailableOption ??= "--ws");
        Add("--proxy", ToolKind.Every, "--proxy argument given but no proxy url specified.", static (o, _) => o.UnavailableOption ??= "--proxy");
        AddTls(Add);
        return table;
    }

    private static void AddTls(Action<string, ToolKind, string, Action<ToolOptions, string>> add)
    {
        add("--insecure", ToolKind.Every, "", static (o, _) => o.Tls.Insecure = true);
        add("--tls-use-os-certs", ToolKind.Every, "", static (o, _) => o.Tls.UseSystemAuthorities = true);
        add("--no-tls", ToolKind.Every, "", static (o, _) => o.Tls.IsOff = true);
        void AddValue(string name, string what, Action<ToolTlsOptions, string> set) =>
            add(name, ToolKind.Every, $"{name} argument given but no {what} specified.", (o, v) => set(o.Tls, v));
        AddValue("--cafile", "file", static (tls, v) => tls.AuthorityFile = v);
        AddValue("--capath", "directory", static (tls, v) => tls.AuthorityPath = v);
        AddValue("--cert", "file", static (tls, v) => tls.CertificateFile = v);
        AddValue("--key", "file", static (tls, v) => tls.KeyFile = v);
        // Published guides to mosquitto_ctrl spell them like the broker's options.
        add("--certfile", ToolKind.Ctrl, "--certfile argument given but no file specified.", static (o, v) => o.Tls.CertificateFile = v);
        add("--keyfile", ToolKind.Ctrl, "--keyfile argument given but no file specified.", static (o, v) => o.Tls.KeyFile = v);
        AddValue("--keyform", "keyform", static (tls, v) => tls.KeyForm = v);
        AddValue("--ciphers", "ciphers", static (tls, v) => tls.Ciphers = v);
        AddValue("--tls-version", "version", static (tls, v) => tls.Version = v);
        AddValue("--tls-alpn", "protocol", static (tls, v) => tls.ApplicationProtocol = v);
        AddValue("--tls-engine", "engine_id", static (tls, v) => tls.Engine = v);
        AddValue("--tls-engine-kpass-sha1", "kpass sha1", static (tls, v) => tls.EnginePassword = v);
        AddValue("--tls-keylog", "file", static (tls, v) => tls.KeyLogFile = v);
        AddValue("--psk", "key", static (tls, v) => tls.Psk = v);
        AddValue("--psk-identity", "identity", static (tls, v) => tls.PskIdentity = v);
    }

    private static UsageException Fail(string text) => new($"Error: {text}\n\n");

    private static UsageException BothIds() => Fail("-i and -I argument cannot be used together.");

    private static void SetHost(ToolOptions options, string host)
    {
        options.Host = host;
        options.HasServer = true;
    }

    private static void SetUnixPath(ToolOptions options, string path)
    {
        options.UnixPath = path;
        options.HasServer = true;
    }

    private static void SetFile(ToolOptions options, string file)
    {
        if (options.Kind == ToolKind.Ctrl) options.DynsecFile = file;
        else SetPayload(options, PayloadSource.File, file);
    }

    private static void SetPayload(ToolOptions options, PayloadSource source, string? argument)
    {
        if (options.PayloadSource != PayloadSource.None) throw Fail("Only one type of message can be sent at once.");
        options.PayloadSource = source;
        options.PayloadArgument = argument;
    }

    private static int Between(string text, int minimum, int maximum, string error)
    {
        long value = ToolProperties.ParseLeadingInteger(text);
        return value >= minimum && value <= maximum ? (int)value : throw Fail(error);
    }

    private static int Positive(string text, string error) =>
        Between(text, 1, int.MaxValue, string.Format(CultureInfo.InvariantCulture, error, ToolProperties.ParseLeadingInteger(text)));

    /// <summary>Reads a port.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    internal static int Port(string text)
    {
        long port = ToolProperties.ParseLeadingInteger(text);
        return port is >= 0 and <= 65535 ? (int)port : throw new UsageException($"Error: Invalid port given: {port}\n");
    }

    private static QualityOfService QoS(string text)
    {
        long qos = ToolProperties.ParseLeadingInteger(text);
        return qos is >= 0 and <= 2 ? (QualityOfService)qos : throw new UsageException($"Error: Invalid QoS given: {qos}\n");
    }

    private static double Chance(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double chance) && chance is >= 0.1 and <= 100
            ? chance
            : throw Fail("--random-filter chance must be between 0.1-100.0");

    private static TimeSpan Seconds(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds is >= 0 and < 1e9
            ? TimeSpan.FromSeconds(seconds)
            : throw Fail("--repeat-delay argument must be >=0.0.");

    private static RetainHandling Handling(string text) => text switch
    {
        "always" => RetainHandling.SendAtSubscribe,
        "new" => RetainHandling.SendIfNew,
        "never" => RetainHandling.DoNotSend,
        _ => throw Fail($"Unknown --retain-handling option \"{text}\"."),
    };

    private static ProtocolVersion VersionOf(string text) => text switch
    {
        "mqttv31" or "31" => ProtocolVersion.Mqtt31,
        "mqttv311" or "311" => ProtocolVersion.Mqtt311,
        "mqttv5" or "5" => ProtocolVersion.Mqtt50,
        _ => throw Fail("Invalid protocol version argument given."),
    };

    private void ParseFile(TextReader? file)
    {
        if (file is null) return;
        _fromFile = true;
        foreach (string[] line in ToolOptionFile.Read(file)) ParseAll(line);
        _fromFile = false;
    }

    private void ParseAll(IReadOnlyList<string> arguments)
    {
        int index = 0;
        Parse(arguments, ref index, leadingOnly: false);
    }

    private void Parse(IReadOnlyList<string> arguments, ref int index, bool leadingOnly)
    {
        for (; index < arguments.Count; index++)
        {
            string name = arguments[index];
            if (leadingOnly && !name.StartsWith('-')) return;
            if (name is "-D" or "--property" && _options.Kind != ToolKind.Ctrl)
            {
                _options.Properties.Parse(arguments, ref index);
                _options.Version = ProtocolVersion.Mqtt50;
                continue;
            }

            if (!s_options.TryGetValue(name, out ToolOption? option) || (option.Kinds & _options.Kind) == 0)
            {
                // A line of the file is one option; another tool's goes with its value.
                if (_fromFile && option is not null) return;
                throw new UsageException($"Error: Unknown option '{name}'.\n");
            }

            bool takesValue = option.Missing.Length > 0;
            if (takesValue && index + 1 >= arguments.Count) throw Fail(option.Missing);
            option.Set(_options, takesValue ? arguments[++index] : "");
        }
    }

    /// <summary>One option: which tools have it, what is said when its value is missing (empty: it has none), and what it does.</summary>
    private sealed record ToolOption(ToolKind Kinds, string Missing, Action<ToolOptions, string> Set);
}
