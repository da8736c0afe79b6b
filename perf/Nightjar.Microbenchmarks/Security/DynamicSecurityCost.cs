using System.Diagnostics;
using System.Globalization;
using System.Text;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.DynamicSecurity;
using Nightjar.Protocol;
using Nightjar.Testing.Broker;

namespace Nightjar.Microbenchmarks.Security;

/// <summary>
/// What one change costs among 100 000 clients, 1000 groups and 1000 roles: the time from the request to the moment at which every decision is
/// made by it, for each kind of change; and what publishers feel of 100 changes a second that another thread makes. The file is not written here:
/// a change is in force before it is.
/// </summary>
internal static class DynamicSecurityCost
{
    private const int Receivers = 2000;
    private const int ChangesOfAKind = 300;
    private const int Messages = 3000;
    private static readonly TimeSpan s_changePeriod = TimeSpan.FromMilliseconds(10);

    // Goes on over the turns, so that every other change of a kind takes back the one before.
    private static int s_changes;

    /// <summary>Measures and prints.</summary>
    internal static void Print(TextWriter output)
    {
        long start = Stopwatch.GetTimestamp();
        DynamicSecurityState state = LargeState.Make();
        output.WriteLine(Line($"state made in {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms"));
        start = Stopwatch.GetTimestamp();
        DynamicSecurityService security = new(state);
        output.WriteLine(Line($"compiled in {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0.0} ms"));
        PrintChanges(security, output);
        PrintPublishing(security, output);
    }

    private static void PrintChanges(DynamicSecurityService security, TextWriter output)
    {
        foreach ((string name, Func<int, string> command) in LargeState.Changes)
        {
            for (int i = 0; i < ChangesOfAKind; i++) Change(security, command(i));
            double[] times = new double[ChangesOfAKind];
            for (int i = 0; i < times.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                Change(security, command(i));
                times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
            }

            output.WriteLine(Line($"{name,-22} median {Rank(times, 0.5):0} us, 99 % {Rank(times, 0.99):0} us, longest {Rank(times, 1):0} us"));
        }
    }

    private static void PrintPublishing(DynamicSecurityService security, TextWriter output)
    {
        using SteppedBroker broker = new(authorizer: security.CreateAuthorizer());
        SteppedClient publisher = Connect(broker, 0);
        SteppedClient single = Connect(broker, 1);
        single.Subscribe("site/1/one", QualityOfService.AtMostOnce);
        SteppedClient[] many = [.. Enumerable.Range(2, Receivers).Select(i => Connect(broker, i))];
        foreach (SteppedClient client in many) client.Subscribe("site/1/many", QualityOfService.AtMostOnce);
        byte[] toOne = WirePackets.Publish(ProtocolVersion.Mqtt50, "site/1/one", "x");
        byte[] toMany = WirePackets.Publish(ProtocolVersion.Mqtt50, "site/1/many", "x");
        foreach (bool changing in (bool[])[false, true, false, true])
        {
            using CancellationTokenSource stop = new();
            Task changes = changing ? Task.Run(() => ChangeSteadily(security, stop.Token)) : Task.CompletedTask;
            string label = changing ? "100 changes a second" : "no changes";
            output.WriteLine(Line($"to 1 receiver, {label}: {Publish(publisher, toOne, [single])}"));
            output.WriteLine(Line($"to {Receivers} receivers, {label}: {Publish(publisher, toMany, many)}"));
            stop.Cancel();
            changes.GetAwaiter().GetResult();
        }
    }

    private static string Publish(SteppedClient publisher, byte[] packet, SteppedClient[] receivers)
    {
        double[] times = new double[Messages];
        for (int i = 0; i < times.Length; i++)
        {
            long start = Stopwatch.GetTimestamp();
            publisher.Feed(packet);
            times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
            foreach (SteppedClient receiver in receivers) receiver.Connection.ClearSent();
        }

        return Line($"median {Rank(times, 0.5):0} us, 99 % {Rank(times, 0.99):0} us, longest {Rank(times, 1):0} us");
    }

    private static void ChangeSteadily(DynamicSecurityService security, CancellationToken stop)
    {
        for (; !stop.IsCancellationRequested; s_changes++)
        {
            Change(security, LargeState.Changes[s_changes % LargeState.Changes.Count].Command(s_changes));
            stop.WaitHandle.WaitOne(s_changePeriod);
        }
    }

    // What the document does with a request before it answers.
    private static void Change(DynamicSecurityService security, string command)
    {
        byte[] payload = Encoding.UTF8.GetBytes("{\"commands\":[" + command + "]}");
        using DynamicSecurityRequest request = new(security.Program.State, payload, new Identity("admin", "admin", null), NoBroker.Instance);
        request.RunToEnd();
        if (ReferenceEquals(request.State, security.Program.State)) throw new InvalidOperationException(Encoding.UTF8.GetString(request.Response));
        security.Take(request.State, request.Change);
    }

    private static SteppedClient Connect(SteppedBroker broker, int number)
    {
        byte[] connect = WirePackets.Connect(ProtocolVersion.Mqtt50, $"c{number}", userName: LargeState.UserName(number));
        SteppedClient client = broker.TryConnect(connect, ProtocolVersion.Mqtt50, out ReasonCode code);
        if (code != ReasonCode.Success) throw new InvalidOperationException($"CONNACK {code}");
        client.Connection.ClearSent();
        return client;
    }

    private static double Rank(double[] values, double rank)
    {
        double[] sorted = [.. values];
        Array.Sort(sorted);
        return sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * rank))];
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
