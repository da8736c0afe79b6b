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
/// <remarks>A price of a message is in every tenth of a second, and the median of these is what is told. Beside it stands what all of them allocated: pools
/// and windows that grow to what the load needs once more, when more is under way than ever before. That is memory, which other rows are about.</remarks>
internal static class AllocationUnderLoad
{
    private const int SlicesPerSecond = 10;

    private static readonly TimeSpan s_settling = TimeSpan.FromSeconds(2);

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
                (long Bytes, long Messages)[] slices = await MeasureAsync(mqload, $"{shape} -q {qos} -v {version}", seconds).ConfigureAwait(false);
                double[] each = [.. slices.Where(static slice => slice.Messages > 0).Select(static slice => (double)slice.Bytes / slice.Messages).Order()];
                double median = each.Length == 0 ? double.NaN : each[each.Length / 2];
                await output.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{{\"mode\":\"{shape.Split(' ')[1]}\",\"qos\":{qos},\"v\":{version},\"all_bytes\":{slices.Sum(static slice => slice.Bytes)},\"messages\":{slices.Sum(static slice => slice.Messages)},\"bytes_per_message\":{median:0.0000}}}"))
                    .ConfigureAwait(false);
            }
        }
    }

    private static async Task<(long Bytes, long Messages)[]> MeasureAsync(string mqload, string arguments, int seconds)
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
        var slices = new (long Bytes, long Messages)[seconds * SlicesPerSecond];
        (long bytes, long messages) = Read(broker);
        for (int i = 0; i < slices.Length; i++)
        {
            // A timer would allocate.
            Thread.Sleep(1000 / SlicesPerSecond);
            (long bytesNow, long messagesNow) = Read(broker);
            slices[i] = (bytesNow - bytes, messagesNow - messages);
            (bytes, messages) = (bytesNow, messagesNow);
        }

        string result = await load.StandardOutput.ReadToEndAsync().ConfigureAwait(false);
        await load.WaitForExitAsync().ConfigureAwait(false);
        if (load.ExitCode != 0) throw new InvalidOperationException($"mqload {arguments}: {result}");
        return slices;
    }

    private static (long Bytes, long Messages) Read(MqttBroker broker)
    {
        // The messages first: what is allocated while they are added up counts for them, not against.
        long messages = broker.Core.Environment.Counters.Sum().PublishSent;
        return (GC.GetTotalAllocatedBytes(precise: true), messages);
    }
}
