namespace Nightjar.Client;

/// <summary>Publishes made inside it are handed to the network with one send when it is disposed; see <see cref="MqttClient.BeginBatch"/>.</summary>
/// <remarks>Allocates nothing.</remarks>
public readonly ref struct PublishBatch
{
    private readonly MqttClient _client;

    internal PublishBatch(MqttClient client) => _client = client;

    /// <summary>Ends the batch and sends what was written.</summary>
    public void Dispose() => _client.EndBatch();
}
