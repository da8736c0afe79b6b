using System.Text;
using Nightjar.LoadTests.Reporting;
using Nightjar.LoadTests.Scenarios;

namespace Nightjar.LoadTests.CommandLine;

/// <summary>The text of --help.</summary>
internal static class Usage
{
    private const string Options = """

        Broker and clients
          --broker ADDRESS      127.0.0.1:1883 by default; host:port, [IPv6]:port, mqtt://host:port;
                                mqtts://host:port (8883) asks for TLS
          --mqtt VERSION        3.1, 3.1.1 or 5 (default)
          --user, --password    what CONNECT carries
          --cafile FILE         TLS, with servers that this authority (PEM) vouches for; without it those of the system
          --insecure            the server's certificate may be for another host
          --cert, --key         the clients' certificate, with TLS
          --full-handshakes     no connection goes on with the keys of an earlier one
          --prefix TEXT         first levels of topics and beginning of client ids; random by default
          --broker-pid PID      adds the broker's processor time and memory, when it is on this machine

        Messages and sizes (a scenario has its own default where none is given)
          --qos N               0 (default), 1 or 2; of publishes and subscriptions
          --durable             subscribers of pair, fan-out, fan-in, wildcard and shared have durable sessions
          --size BYTES          payload, 12 or more; default 64
          --publishers N  --subscribers N  --topics N  --connections N  --messages N
          --slow-bytes N        bytes a second that a slow consumer reads; default 65536

        Load
          --load SIMULATION     may be repeated; simulations run one after the other:
                                rate:20k          constant rate, units a second (open loop)
                                ramp:0-50k        rate that changes evenly (open loop)
                                burst:1000/250ms  so many at once, so often (open loop)
                                closed:256        so many under way for each publisher (closed loop)
                                each with @DURATION for its own length, such as ramp:0-50k@30s
                                With an open loop latency counts from the moment at which a message was due, whenever it was sent.
          --duration TIME       of a simulation without its own; default 10s
          --warm-up TIME        load before measuring; default 2s
          --under-way N         most deliveries under way in an open loop; default 1M
          --drain TIME          silence after the load after which a message counts as lost; default 5s

        Results
          --threshold RULE      may be repeated; such as p99<5ms, throughput>=100k/s, errors=0.
        """;

    private const string Examples = """

        Examples
          As fast as the broker takes it, ten pairs, QoS 1, with a report to look at:
            Nightjar.LoadTests pair --qos 1 --duration 30s --report results
          A rate that must be kept, judged:
            Nightjar.LoadTests pair --publishers 500 --load rate:20k --threshold 'p99<5ms' --threshold 'not-begun=0'
          Up to 50 000 a second in a minute, then there for half a minute, MQTT 3.1.1, with a password:
            Nightjar.LoadTests fan-in --broker broker.example --mqtt 3.1.1 --user load --password secret --load ramp:0-50k@60s --load rate:50k@30s
          Handshakes: 2000 new TLS connections a second:
            Nightjar.LoadTests connect-storm --broker mqtts://broker.example --cafile ca.crt --full-handshakes --load rate:2k
        """;

    internal static string Text
    {
        get
        {
            var text = new StringBuilder();
            text.AppendLine("Load tests for any MQTT broker.").AppendLine();
            text.AppendLine("Usage: Nightjar.LoadTests [options] SCENARIO...").AppendLine().AppendLine("Scenarios (all: every one in turn)");
            foreach (Scenario scenario in ScenarioTable.All) text.AppendLine($"  {scenario.Name,-21} {scenario.Summary}");
            text.AppendLine(Options);
            text.AppendLine($"                        Metrics: {Threshold.MetricNames}");
            text.AppendLine("                        lost=0, duplicates=0 and errors=0 must hold too, unless there is a rule for the same metric");
            text.AppendLine("                        lateness is the generator's own (p99), generator-percent its share of this machine,");
            text.AppendLine("                        broker-us the broker's processor time for each unit in microseconds (with --broker-pid)");
            text.AppendLine("  --report FOLDER       writes report.html (with plots), report.md and report.json there");
            text.AppendLine("  --json FILE           writes the JSON there; - for the standard output, instead of the text");
            text.AppendLine("  --no-progress         says nothing before the end");
            text.AppendLine(Examples).AppendLine();
            text.Append("Exit code: 0 all thresholds held, 1 one was missed, 2 wrong usage or the broker could not be used.");
            return text.ToString();
        }
    }
}
