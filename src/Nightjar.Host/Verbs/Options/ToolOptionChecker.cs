using Nightjar.Protocol;

namespace Nightjar.Host.Verbs.Options;

/// <summary>Checks what only the whole of the options can tell.</summary>
internal static class ToolOptionChecker
{
    internal static void Check(ToolOptions options)
    {
        CheckSession(options);
        if (options.UnavailableOption is { } name)
            throw new UsageException($"Error: {name} cannot be used: this build connects by TCP, TLS and unix sockets only, without WebSockets, proxies or SRV.\n", hint: false);
        if (options.Kind == ToolKind.Sub) CheckSubscribe(options);
        if (options.Kind == ToolKind.Pub && (options.Topics.Count == 0 || options.PayloadSource == PayloadSource.None))
            throw new UsageException("Error: Both topic and message must be supplied.\n", hint: false) { ShowsUsage = true };
        if (options.Kind == ToolKind.Rr && (options.Topics.Count == 0 || options.PayloadSource == PayloadSource.None || options.ResponseTopic is null))
            throw new UsageException("Error: All of topic, message, and response topic must be supplied.\n");
        if (options.Kind == ToolKind.Rr && options.Properties.Publish.HasResponseTopic)
            throw new UsageException("Error in PUBLISH properties: Duplicate response topic.\n");
        if (options.Password is not null && options.UserName is null && options.Version != ProtocolVersion.Mqtt50)
            throw new UsageException("Error: Problem setting username and/or password.\n", hint: false);
        options.Tls.Check();
        if (options.Port < 0) options.Port = options.Tls.DefaultPort;
    }

    private static void CheckSession(ToolOptions options)
    {
        if (options.WillPayload is not null && options.WillTopic is null) throw new UsageException("Error: Will payload given, but no will topic given.\n");
        if (options.WillRetain && options.WillTopic is null) throw new UsageException("Error: Will retain given, but no will topic given.\n");
        bool hasId = options.ClientId is not null || options.ClientIdPrefix is not null;
        if (!options.CleanSession && !hasId) throw new UsageException("Error: You must provide a client id if you are using the -c option.\n");
        bool neverExpires = options.HasSessionExpiryInterval && options.SessionExpiryInterval == uint.MaxValue;
        if (neverExpires && !hasId && options.Version == ProtocolVersion.Mqtt50)
            throw new UsageException("Error: You must provide a client id if you are using an infinite session expiry interval.\n");
        if (!options.CleanSession && !options.HasSessionExpiryInterval)
        {
            options.HasSessionExpiryInterval = true;
            options.SessionExpiryInterval = uint.MaxValue;
        }

        if (options.Version == ProtocolVersion.Mqtt31 && !hasId) options.ClientId = "mosq-" + RandomId();
    }

    private static void CheckSubscribe(ToolOptions options)
    {
        if (options.Topics.Count == 0 && options.Unsubscribe.Count == 0) throw new UsageException("Error: You must specify a topic to subscribe to.\n");
        if (options.NoRetained && options.RetainedOnly) throw new UsageException("\nError: Combining '-R' and '--retained-only' makes no sense.\n", hint: false);
    }

    private static string RandomId() => new(System.Security.Cryptography.RandomNumberGenerator.GetItems<char>(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 18));
}
