using Nightjar.Protocol;

namespace Nightjar.EndToEnd.Tests.Differential;

/// <summary>What one client tries: to connect, to subscribe, to publish, to get what is published to some topics, and to leave a will.</summary>
/// <param name="Listener">At which listener: 0, or 1 for the second where there is one.</param>
/// <param name="Version">Its protocol.</param>
/// <param name="ClientId">Its client id.</param>
/// <param name="UserName">Null for none.</param>
/// <param name="Password">Null for none.</param>
/// <param name="Filter">What it subscribes to.</param>
/// <param name="FilterQoS">With which QoS.</param>
/// <param name="Topic">What it publishes to.</param>
/// <param name="TopicQoS">With which QoS.</param>
/// <param name="Retain">Whether the message is to be kept.</param>
/// <param name="Will">Topic of its will; null for none.</param>
/// <param name="Probes">Topics that the administrator publishes to while it listens.</param>
internal sealed record Attempt(
    int Listener, ProtocolVersion Version, string ClientId, string? UserName, string? Password, string Filter, QualityOfService FilterQoS, string Topic,
    QualityOfService TopicQoS, bool Retain, string? Will, string[] Probes)
{
    private static readonly string[] s_clientIds = ["c1", "c2", "c1", "ann", "a/b", "a+b", "#", "%c", "ü", "", "c/1", new('c', 3000)];
    private static readonly string[] s_filters =
        ["a", "a/b", "a/+", "a/#", "#", "+", "+/+", "b/#", "u/#", "u/ann", "u/+", "c/#", "c/c1", "+/c1", "$SYS/broker/version", "sp ace/x", "/a", "a//b", "b/c/+", "ü/x", "/", "+//b", "日本/x", "w/+"];

    private static readonly string[] s_topics =
        ["a", "a/b", "a/b/c", "b", "b/c/d", "u/ann", "u/bob/x", "u/%u", "c/c1", "c/c2/x", "a/ann/b", "x/c1", "ann", "c1/ann", "sp ace/x", "ü/x", "/a", "a//b", "/", "日本/x", "w/ann", "%u", "$SYS/broker/version", "$SYS/broker/connection/c1/state"];

    /// <summary>Whether patterns with <c>%c</c> or <c>%u</c> would have to stand for more than one level.</summary>
    public bool HasSlashInName => ClientId.Contains('/', StringComparison.Ordinal) || UserName?.Contains('/', StringComparison.Ordinal) == true;

    public static Attempt Make(Random random)
    {
        var users = AccessRules.Users;
        string? user = random.Next(6) switch { 0 => null, 1 => "nobody-knows", _ => users[random.Next(users.Count)] };
        string? password = user is null ? null : random.Next(6) switch { 0 => "wrong", 1 => null, 2 => "", _ => AccessRules.Password };
        return new Attempt(
            random.Next(2),
            random.Next(2) == 0 ? ProtocolVersion.Mqtt311 : ProtocolVersion.Mqtt50,
            Pick(random, s_clientIds),
            user,
            password,
            Pick(random, s_filters),
            (QualityOfService)random.Next(3),
            Pick(random, s_topics),
            (QualityOfService)random.Next(3),
            random.Next(6) == 0,
            random.Next(6) == 0 ? Pick(random, s_topics[..^2]) : null,
            [Pick(random, s_topics[..^2]), Pick(random, s_topics[..^2]), Pick(random, s_topics[..^2])]);
    }

    public override string ToString() =>
        $"listener {Listener} {Version} id '{Short(ClientId)}' user '{Short(UserName)}' password '{Password}' filter {Filter} {FilterQoS} topic {Topic} {TopicQoS}{(Retain ? " retain" : "")} will {Will} probes {string.Join(' ', Probes)}";

    private static string? Short(string? text) => text is { Length: > 20 } ? $"{text[..10]}...({text.Length})" : text;

    private static string Pick(Random random, string[] from) => from[random.Next(from.Length)];
}
