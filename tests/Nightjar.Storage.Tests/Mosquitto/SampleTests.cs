using Nightjar.Testing;
using Xunit;

namespace Nightjar.Storage.Tests.Mosquitto;

/// <summary>Files of real installations are read completely; their content is described beside them.</summary>
public sealed class SampleTests
{
    // Content type, two user properties, response topic, correlation data, in the order they were given.
    private const string OrderProperties = "0300106170706C69636174696F6E2F6A736F6E2600026B31000276312600026B320002763208000772" + "65706C792F310900" + "03616263";
    private const string RetainedProperties = "03000A746578742F706C61696E26000161000162";

    // No session of a file that does not say it was left before the file is read, which is when the clock of the test begins.
    private const long Now = 1767225600000;

    [Theory]
    [InlineData("mosquitto-2.0.db", "mosquitto.db, format 6", 1795184121, 1795266921, false)]
    [InlineData("mosquitto-2.1.db", "mosquitto.db, format 6", 1795184108, 1795266908, false)]
    [InlineData("mosquitto-2.1.sqlite3", "mosquitto.sqlite3, schema 1.1.0", 1795184115, 1795266915, true)]
    public void Sample_IsRead_Completely(string name, string format, long sessionEnd, long messageEnd, bool keepsShared)
    {
        using (var file = Storage.Mosquitto.MosquittoFile.Open(Sample(name), new FakeTimeProvider()))
        {
            Assert.Equal(format, file.Format);
            Assert.Equal(14, file.Count);
        }

        var read = Description.Of(Sample(name), new FakeTimeProvider());
        Assert.Empty(read.Remarks);
        Assert.Equal(9, read.MessageCount);
        Assert.Equal(
            [
                $"durable-v311 user= interval=4294967295 left={Now}",
                $"durable-v5 user= interval=4294967295 left={Now}",
                $"durable-v5-hour user= interval=3600 left={(sessionEnd - 3600) * 1000}",
            ],
            read.Sessions);
        string[] subscriptions = ["durable-v311 alarm/# 1 0", "durable-v311 plant/+/temp 1 0", "durable-v5 plant/# 2 0", "durable-v5-hour orders/+ 1 0"];
        Assert.Equal(
            (keepsShared ? [.. subscriptions, "durable-v5 $share/g/jobs 2 0"] : subscriptions).Order(StringComparer.Ordinal),
            read.Subscriptions.Order(StringComparer.Ordinal));
        Assert.Equal(
            [
                $"[retained/big = 70000 x x q1 r]",
                "[retained/deep/er/topic = two q2 r]",
                "[retained/one = one q1 r]",
                $"[retained/v5 = props q1 r {RetainedProperties}]",
                "[retained/zero = zero q0 r]",
            ],
            read.Retained.Order(StringComparer.Ordinal));
        Assert.Empty(read.Wills);
        Assert.Empty(read.ReceivedIds);
        Assert.Equal(Deliveries(messageEnd), read.Deliveries);
    }

    internal static string Sample(string name) => Path.Combine(AppContext.BaseDirectory, "Mosquitto", "Samples", name);

    private static List<string> Deliveries(long messageEnd)
    {
        List<string> lines = [];
        foreach (var (client, highest) in ((string, int)[])[("durable-v311", 1), ("durable-v5", 2)])
        {
            for (var i = 1; i <= 3; i++)
            {
                lines.Add($"{client} {2 * i - 1} qos=1 retain=False Queued 0 [plant/a/temp = q1-{i} q1]");
                lines.Add($"{client} {2 * i} qos={highest} retain=False Queued 0 [plant/b/temp = q2-{i} q2]");
            }

            if (highest == 1) lines.Add("durable-v311 7 qos=1 retain=False Queued 0 [alarm/fire = wärme äöü ✓ q1]");
        }

        lines.Add($"durable-v5-hour 1 qos=1 retain=False Queued 0 [orders/1 = {{\"n\":1}} q1 {OrderProperties}]");
        lines.Add($"durable-v5-hour 2 qos=1 retain=False Queued 0 [orders/2 = expires q1 expires={messageEnd}000]");
        return lines;
    }
}
