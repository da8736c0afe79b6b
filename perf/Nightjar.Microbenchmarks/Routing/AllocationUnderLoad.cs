using System.Diagnostics;
using System.Globalization;
using System.Net;
using Nightjar.Broker;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Security.AccessLists;
using Nightjar.Transport;

namespace Nightjar.Microbenchmarks.Routing;

/// <summary>
/// Bytes that the whole process of a broker allocates for each delivered message, over TCP, with an access file active, while mqload, a
/// process of its own, sends and receives. Prints one line of JSON for each shape, QoS and version.
/// </summary>
internal static class AllocationUnderLoad
{
    private static readonly TimeSpan s_settling = TimeSpan.FromSeconds(1.5);

    /// <summary>Measures and prints.</summary>
    /// <param name="mqload">Path of the load generator.</param>
    /// <param name="seconds">Length of each measurement.</param>
    /// <param name="shapes">mqload's modes, with commas: pair, fanout, fanin.</param>
    /// <param name="qosLevels">QoS levels, with commas.</param>
    /// <param name="versions">Protocol levels, with commas.</param>
    /// <param name="output">Takes the lines.</param>
    internal static async Task PrintAsync(string mqload, int seconds, string shapes, string qosLevels, string versions, TextWriter output)
    {
        SocketTransport.UseInlineCompletions();
        foreach (string shape in (string[])["-m pair -P 10 -S 10", "-m fanout -P 1 -S 50", "-m fanin -P 20 -S 1"])
        {
            if (!shapes.Split(',').Contains(shape.Split(' ')[1])) continue;
            foreach ((string qos, string version) in from qos in qosLevels.Split(',') from version in versions.Split(',') select (qos, version))
            {
                (long bytes, long messages) = await MeasureAsync(mqload, $"{shape} -q {qos} -v {version}", seconds).ConfigureAwait(false);
                double each = messages == 0 ? double.NaN : (double)bytes / messages;
                await output.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{{\"mode\":\"{shape.Split(' ')[1]}\",\"qos\":{qos},\"v\":{version},\"bytes\":{bytes},\"messages\":{messages},\"bytes_per_message\":{each:0.0000}}}"))
                    .ConfigureAwait(false);
            }
        }
    }

    private static async Task<(long Bytes, long Messages)> MeasureAsync(string mqload, string arguments, int seconds)
    {
        string[] rules = ["topic readwrite t/#", "pattern readwrite home/%c/#", .. Enumerable.Range(0, 100).Select(static i => $"topic read x/{i}/+")];
        var options = new BrokerOptions
        {
            Listeners = [new ListenerOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0) }],
            MaximumQueuedMessages = 0,
            MaximumInflightMessages = 0,
        };
        await using var broker = new MqttBroker(options, authorizer: AccessList.Parse(rules, "rules").Compile());
        await broker.StartAsync().ConfigureAwait(false);
        int port = ((IPEndPoint)broker.EndPoints[0]).Port;
        int length = (int)Math.Ceiling(s_settling.TotalSeconds) + seconds + 1;
        using Process load = Process.Start(new ProcessStartInfo(mqload, $"-p {port} -W 0 -d {length} {arguments}") { RedirectStandardOutput = true })!;
        await Task.Delay(s_settling).ConfigureAwait(false);
        (long bytesBefore, long messagesBefore) = Read(broker);
        await Task.Delay(TimeSpan.FromSeconds(seconds)).ConfigureAwait(false);
        (long bytesAfter, long messagesAfter) = Read(broker);
        string result = await load.StandardOutput.ReadToEndAsync().ConfigureAwait(false);
        await load.WaitForExitAsync().ConfigureAwait(false);
        if (load.ExitCode != 0) throw new InvalidOperationException($"mqload {arguments}: {result}");
        return (bytesAfter - bytesBefore, messagesAfter - messagesBefore);
    }

    private static (long Bytes, long Messages) Read(MqttBroker broker)
    {
        // The messages first: what is allocated while they are added up counts for them, not against.
        long messages = broker.Core.Environment.Counters.Sum().PublishSent;
        return (GC.GetTotalAllocatedBytes(precise: true), messages);
    }
}
