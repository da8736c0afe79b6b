using System.Globalization;
using Nightjar.LoadTests.Reporting;
using Nightjar.LoadTests.Scenarios;
using Nightjar.LoadTests.Simulations;
using Nightjar.Protocol;
using Nightjar.Transport.Tls;

namespace Nightjar.LoadTests.CommandLine;

/// <summary>Reads the command line. Everything that is wrong with it is told, not only the first.</summary>
internal sealed class LoadOptionParser
{
    private readonly List<string> _errors = [];
    private readonly List<Scenario> _scenarios = [];
    private readonly List<LoadSimulation> _simulations = [];
    private readonly List<Threshold> _thresholds = [];
    private LoadOptions _options = new();
    private CertificateClientOptions? _tls;

    /// <summary>Reads the command line.</summary>
    /// <param name="arguments">As the operating system gave them.</param>
    /// <param name="options">What was asked for.</param>
    /// <returns>What is wrong, a line each; empty when all is well.</returns>
    internal static IReadOnlyList<string> Parse(IReadOnlyList<string> arguments, out LoadOptions options)
    {
        var parser = new LoadOptionParser();
        for (int i = 0; i < arguments.Count; i++) i += parser.Take(arguments[i], i + 1 < arguments.Count ? arguments[i + 1] : null);
        options = parser.Finish();
        return parser._errors;
    }

    /// <returns>How many further arguments were taken.</returns>
    private int Take(string argument, string? next)
    {
        if (!argument.StartsWith('-'))
        {
            AddScenario(argument);
            return 0;
        }

        int equals = argument.IndexOf('=', StringComparison.Ordinal);
        string name = equals < 0 ? argument : argument[..equals];
        if (TakeFlag(name)) return 0;
        string? value = equals < 0 ? next : argument[(equals + 1)..];
        if (value is null) _errors.Add($"{name}: is unknown, or its value is missing.");
        else TakeValue(name, value);
        return equals < 0 && value is not null ? 1 : 0;
    }

    private bool TakeFlag(string name)
    {
        switch (name)
        {
            case "-h" or "--help": _options = _options with { ShowHelp = true }; return true;
            case "--full-handshakes": _tls = (_tls ?? new()) with { AllowResumption = false }; return true;
            case "--durable": _options = _options with { DurableSubscribers = true }; return true;
            case "--insecure": _tls = (_tls ?? new()) with { IgnoreHostName = true }; return true;
            case "--no-progress": _options = _options with { ShowProgress = false }; return true;
            default: return false;
        }
    }

    private void TakeValue(string name, string value)
    {
        switch (name)
        {
            case "--broker": SetBroker(value); break;
            case "--mqtt": SetVersion(value); break;
            case "--load": AddSimulation(value); break;
            case "--threshold": AddThreshold(value); break;
            case "--qos": _options = _options with { QoS = (QualityOfService)Number(name, value, 0, 2) }; break;
            case "--size": _options = _options with { PayloadSize = Number(name, value, MessageStamp.Length, 200_000_000) }; break;
            case "--publishers": _options = _options with { Publishers = Number(name, value, 1, 1_000_000) }; break;
            case "--subscribers": _options = _options with { Subscribers = Number(name, value, 1, 1_000_000) }; break;
            case "--topics": _options = _options with { Topics = Number(name, value, 1, 10_000_000) }; break;
            case "--connections": _options = _options with { Connections = Number(name, value, 1, 1_000_000) }; break;
            case "--messages": _options = _options with { Messages = Number(name, value, 1, 100_000_000) }; break;
            case "--slow-bytes": _options = _options with { SlowBytesPerSecond = Number(name, value, 1, int.MaxValue) }; break;
            case "--under-way": _options = _options with { MaximumUnderWay = Number(name, value, 1, int.MaxValue) }; break;
            case "--broker-pid": _options = _options with { BrokerProcessId = Number(name, value, 1, int.MaxValue) }; break;
            case "--duration": _options = _options with { Duration = Time(name, value, mayBeZero: false) }; break;
            case "--warm-up": _options = _options with { WarmUp = Time(name, value, mayBeZero: true) }; break;
            case "--drain": _options = _options with { DrainPatience = Time(name, value, mayBeZero: false) }; break;
            case "--prefix": SetPrefix(value); break;
            case "--cafile": _tls = (_tls ?? new()) with { AuthorityFile = value }; break;
            case "--cert": _tls = (_tls ?? new()) with { CertificateFile = value }; break;
            case "--key": _tls = (_tls ?? new()) with { KeyFile = value }; break;
            case "--user": _options = _options with { UserName = value }; break;
            case "--password": _options = _options with { Password = value }; break;
            case "--json": _options = _options with { JsonFile = value }; break;
            case "--report": _options = _options with { ReportFolder = value }; break;
            default: _errors.Add($"{name}: no such option."); break;
        }
    }

    private void AddScenario(string name)
    {
        if (name == "all") _scenarios.AddRange(ScenarioTable.All.Where(scenario => scenario is not TlsScenario || _tls is not null || _options.Broker.IsTls));
        else if (ScenarioTable.Find(name) is { } scenario) _scenarios.Add(scenario);
        else _errors.Add($"{name}: no such scenario; there are {string.Join(", ", ScenarioTable.All.Select(static s => s.Name))}, all.");
    }

    private void SetBroker(string value)
    {
        if (BrokerAddress.TryParse(value, out BrokerAddress address)) _options = _options with { Broker = address };
        else _errors.Add($"--broker {value}: is not an address such as 127.0.0.1:1883, [::1]:1883, mqtt://host:1883 or mqtts://host:8883.");
    }

    private void SetVersion(string value)
    {
        ProtocolVersion? version = value switch
        {
            "3.1" or "3" => ProtocolVersion.Mqtt31,
            "3.1.1" or "4" => ProtocolVersion.Mqtt311,
            "5" or "5.0" => ProtocolVersion.Mqtt50,
            _ => null,
        };
        if (version is null) _errors.Add($"--mqtt {value}: must be 3.1, 3.1.1 or 5.");
        else _options = _options with { Version = version.Value };
    }

    private void SetPrefix(string value)
    {
        if (value.Length == 0 || value.AsSpan().IndexOfAny("+#\0") >= 0) _errors.Add("--prefix: must not be empty or have + or # in it.");
        else _options = _options with { Prefix = value };
    }

    private void AddSimulation(string value)
    {
        if (SimulationParser.TryParse(value, out LoadSimulation? simulation)) _simulations.Add(simulation!);
        else _errors.Add($"--load {value}: must be rate:N, ramp:N-M, burst:N/TIME or closed:N, each with @DURATION or not.");
    }

    private void AddThreshold(string value)
    {
        if (Threshold.TryParse(value, out Threshold? threshold)) _thresholds.Add(threshold!);
        else _errors.Add($"--threshold {value}: must be a metric, one of < <= = >= >, and a value, such as p99<5ms; metrics are {Threshold.MetricNames}.");
    }

    private int Number(string name, string value, int low, int high)
    {
        if (Quantity.TryParseNumber(value, out double number) && number >= low && number <= high && number == Math.Floor(number)) return (int)number;
        _errors.Add(string.Create(CultureInfo.InvariantCulture, $"{name} {value}: must be a whole number, {low} to {high}."));
        return low;
    }

    private TimeSpan Time(string name, string value, bool mayBeZero)
    {
        if (Quantity.TryParseDuration(value, out TimeSpan time) && (mayBeZero || time > TimeSpan.Zero)) return time;
        _errors.Add($"{name} {value}: must be a length of time, such as 10s or 500ms{(mayBeZero ? "" : ", longer than zero")}.");
        return TimeSpan.FromSeconds(1);
    }

    private LoadOptions Finish()
    {
        if (_tls is { AuthorityFile: null } && !_options.Broker.IsTls)
            _errors.Add("--cafile or --broker mqtts://... is needed where --cert, --key, --insecure or --full-handshakes is given: it asks for TLS.");
        if (_options.Broker.IsTls) _tls ??= new();
        _options = _options with { Tls = _tls };
        if (_scenarios.Count == 0 && !_options.ShowHelp && _errors.Count == 0) _errors.Add("No scenario; try --help.");
        foreach (Scenario scenario in _scenarios)
        {
            if (scenario.Check(_options) is { } error) _errors.Add($"{scenario.Name}: {error}");
        }

        return _options with
        {
            Scenarios = _scenarios,
            Simulations = [.. _simulations.Select(s => s.During > TimeSpan.Zero ? s : s.Lasting(_options.Duration))],
            Thresholds = _thresholds,
        };
    }
}
