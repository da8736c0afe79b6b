using System.Text;
using Nightjar.LoadTests.Reporting;
using Nightjar.LoadTests.Scenarios;

namespace Nightjar.LoadTests.CommandLine;

/// <summary>The text of --help.</summary>
internal static class Usage
{
    private const string Options = """

        Broker and clients
          --broker ADDRESS      127.0.0.1:1883 by default; host:port, [IPv6]:port, mqtt://host:port
          --mqtt VERSION        3.1, 3.1.1 or 5 (default)
          --user, --password    what CONNECT carries
          --cafile FILE         TLS, with servers that this authority (PEM) vouches for
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
          --duration TIME       of a simulation without its own; default 10s
          --warm-up TIME        load before measuring; default 2s
          --under-way N         most deliveries under way in an open loop; default 1M
          --drain TIME          silence after the load after which a message counts as lost; default 5s

        Results
          --threshold RULE      may be repeated; such as p99<5ms, received-rate>=100k/s, lost=0.
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
            text.AppendLine("  --report FOLDER       writes report.md and report.html there");
            text.AppendLine("  --no-progress").AppendLine();
            text.Append("Exit code: 0 all thresholds held, 1 one was missed, 2 wrong usage or the broker could not be used.");
            return text.ToString();
        }
    }
}
