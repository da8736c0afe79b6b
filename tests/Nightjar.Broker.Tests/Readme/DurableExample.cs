// <readme>
using Nightjar.Broker;
using Nightjar.Protocol;
using Nightjar.Storage;
using Nightjar.Storage.Sqlite;

namespace Nightjar.Broker.Tests.Readme;

public static class DurableExample
{
    public static async Task<string> RunAsync(string path)
    {
        for (var start = 1; start <= 2; start++)
        {
            // What clients were told is kept survives the loss of power. One broker at a time has the file.
            await using var store = SqliteStore.Open(new SqliteStoreOptions { Path = path });
            await using var broker = new MqttBroker(store: store);
            if (start == 1) broker.Publish("rooms/kitchen/light", "on"u8, QualityOfService.AtLeastOnce, retain: true);
            else return $"{broker.RetainedCount} retained message after the second start";
        }

        return "";
    }
}

// </readme>
