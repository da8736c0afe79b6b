using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Nightjar.EndToEnd.Tests.Tools;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;
using Nightjar.Transport;
using Xunit;
using Xunit.Abstractions;

namespace Nightjar.EndToEnd.Tests.DynamicSecurity;

/// <summary>The broker is killed in the middle of a stream of changes: the file always loads, and holds every change that was answered.</summary>
public sealed class CrashTests(ITestOutputHelper output)
{
    private const string Topic = "$CONTROL/dynamic-security/v1";

    // So many requests are on their way at a time, so that changes share a write.
    private const int Window = 8;

    // 200 take minutes: NIGHTJAR_TEST_KILLS=200 does them.
    private static readonly int s_kills = int.TryParse(Environment.GetEnvironmentVariable("NIGHTJAR_TEST_KILLS"), CultureInfo.InvariantCulture, out int kills) ? kills : 20;

    [Fact]
    public async Task Kill_DuringAStreamOfChanges_LosesNothingThatWasAnswered()
    {
        using PublicFolder folder = new();
        folder.MakeWritable();
        string path = folder["dynamic-security.json"];
        AdministeredBroker.Init(path);
        int seed = Environment.TickCount;
        Random random = new(seed);
        HashSet<string> answered = [];
        int next = 0;
        for (int kill = 0; kill < s_kills; kill++)
        {
            await using AdministeredBroker broker = await AdministeredBroker.StartAsync(isMosquitto: false, path);
            next = await ChangeUntilKilledAsync(broker.Broker, next, random.Next(1, 60), answered);
            HashSet<string> roles = ReadRoles(path);
            string[] lost = [.. answered.Except(roles)];
            Assert.True(lost.Length == 0, $"seed {seed}, kill {kill}: {lost.Length} of {answered.Count} answered changes are not in the file, the first is {lost.FirstOrDefault()}");
        }

        output.WriteLine($"{s_kills} kills, {answered.Count} changes answered, {next} sent");
        Assert.True(answered.Count >= s_kills);
    }

    private static async Task<int> ChangeUntilKilledAsync(BrokerProcess broker, int next, int killAfter, HashSet<string> answered)
    {
        await using WireClient client = new(
            await SocketTransport.ConnectAsync(new IPEndPoint(IPAddress.Loopback, broker.Port), new SocketTransportOptions(), CancellationToken.None), ProtocolVersion.Mqtt311);
        await client.SendAsync(WirePackets.Connect(
            ProtocolVersion.Mqtt311, "changer", userName: AdministeredBroker.Admin, password: Encoding.UTF8.GetBytes(AdministeredBroker.Password)));
        Assert.Equal(0, (await client.ReceiveAsync())[3]);
        Assert.Equal(0, await client.SubscribeAsync(Topic + "/response"));
        for (int i = 0; i < Window; i++) await SendAsync(client, next++);
        for (int received = 0; await client.TryReceiveAsync() is { } packet;)
        {
            ReceivedPublish publish = ReceivedPublish.Read(packet, ProtocolVersion.Mqtt311);
            using JsonDocument response = JsonDocument.Parse(publish.Payload);
            JsonElement one = response.RootElement.GetProperty("responses")[0];
            Assert.False(one.TryGetProperty("error", out JsonElement error), error.ToString());
            answered.Add(one.GetProperty("correlationData").GetString()!);
            received++;
            // What is answered behind this counts as well: it was sent before the end.
            if (received == killAfter) broker.Process.Kill();
            else if (received < killAfter) await SendAsync(client, next++);
        }

        await broker.Process.WaitForExitAsync();
        return next;
    }

    private static Task SendAsync(WireClient client, int number) => client.PublishAsync(
        Topic, $$"""{"commands":[{"command":"createRole","rolename":"role-{{number}}","textdescription":"{{new string('x', 200)}}","correlationData":"role-{{number}}"}]}""");

    private static HashSet<string> ReadRoles(string path)
    {
        using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(path));
        return [.. file.RootElement.GetProperty("roles").EnumerateArray().Select(role => role.GetProperty("rolename").GetString()!)];
    }
}
