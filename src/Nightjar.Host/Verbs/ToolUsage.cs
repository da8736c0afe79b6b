using System.Text;
using Nightjar.Host.Verbs.Options;

namespace Nightjar.Host.Verbs;

/// <summary>The texts of --help.</summary>
internal static class ToolUsage
{
    private static readonly (ToolKind Kinds, string Option, string Text)[] s_lines =
    [
        (ToolKind.Every, "-A address", "address of this machine to connect from"),
        (ToolKind.Sub, "-C count", "exit after this many messages"),
        (ToolKind.All, "-c", "keep the session (needs -i or -I)"),
        (ToolKind.All, "-D command name value", "add an MQTT 5.0 property, such as: -D publish content-type text"),
        (ToolKind.Every, "-d", "print the packets as they go by"),
        (ToolKind.Sub, "-E", "exit when the subscriptions are acknowledged"),
        (ToolKind.Rr, "-e topic", "topic of the response"),
        (ToolKind.Sub | ToolKind.Rr, "-F format", "print messages in this format"),
        (ToolKind.Pub | ToolKind.Rr, "-f file", "send the contents of a file"),
        (ToolKind.Ctrl, "-f file", "carry out a dynsec command in this file, which no broker has open"),
        (ToolKind.Every, "-h host", "server, default localhost"),
        (ToolKind.All, "-i id, -I prefix", "client identifier, or a prefix for the process id"),
        (ToolKind.Ctrl, "-i id", "client identifier"),
        (ToolKind.All, "-k seconds", "keep alive, default 60"),
        (ToolKind.Every, "-L url", "mqtt(s)://[user[:password]@]host[:port]/topic"),
        (ToolKind.Pub, "-l", "send each line of the standard input"),
        (ToolKind.All, "-M count", "most QoS 1 and 2 messages in flight, default 20"),
        (ToolKind.Pub | ToolKind.Rr, "-m message", "send this message"),
        (ToolKind.Sub | ToolKind.Rr, "-N", "print no end of line"),
        (ToolKind.Pub | ToolKind.Rr, "-n", "send an empty message"),
        (ToolKind.Ctrl, "-o file", "read options from this file instead of the user's"),
        (ToolKind.Every, "-P password, -u user", "credentials"),
        (ToolKind.Every, "-p port", "default 1883, or 8883 with TLS, which port 8883 implies"),
        (ToolKind.Every, "-q qos", "0, 1 or 2"),
        (ToolKind.Sub | ToolKind.Rr, "-R", "do not print retained messages"),
        (ToolKind.Pub, "-r", "retain the message"),
        (ToolKind.Pub | ToolKind.Rr, "-s", "send the whole standard input"),
        (ToolKind.Sub, "-T filter", "do not print these topics"),
        (ToolKind.All, "-t topic", "topic; sub takes several"),
        (ToolKind.Sub, "-U filter", "unsubscribe"),
        (ToolKind.Every, "-V version", "31, 311 or 5"),
        (ToolKind.Sub | ToolKind.Rr, "-v", "print the topic before the message"),
        (ToolKind.Sub | ToolKind.Rr, "-W seconds", "give up after this time with exit code 27"),
        (ToolKind.Sub, "-w", "keep one line of the screen for each topic"),
        (ToolKind.All, "-x seconds", "session expiry interval"),
        (ToolKind.Every, "--cafile file, --capath dir", "authorities to accept the server's certificate from, which asks for TLS"),
        (ToolKind.Every, "--cert file, --key file", "certificate and key to show to the server"),
        (ToolKind.Every, "--ciphers list", "ciphers of TLS 1.2, in OpenSSL's syntax"),
        (ToolKind.Every, "--insecure", "accept a certificate that is for another host: not for production"),
        (ToolKind.Every, "--keyform pem|engine", "whether --key names a file or a key of --tls-engine"),
        (ToolKind.Sub, "--message-rate", "print the number of messages each second instead"),
        (ToolKind.Every, "--no-tls", "no TLS at port 8883 either"),
        (ToolKind.All, "--nodelay", "disable Nagle's algorithm"),
        (ToolKind.Sub | ToolKind.Rr, "--pretty", "print JSON on several lines"),
        (ToolKind.Every, "--psk key, --psk-identity id", "TLS with a pre-shared key in hexadecimal digits"),
        (ToolKind.Every, "--quiet", "print no errors"),
        (ToolKind.Sub, "--random-filter percent", "print only this share of the messages"),
        (ToolKind.Sub, "--remove-retained", "clear the retained messages received"),
        (ToolKind.Pub, "--repeat count, --repeat-delay seconds", "send the message several times"),
        (ToolKind.Sub, "--retain-as-published", "ask for the retain flag as it was published"),
        (ToolKind.Sub, "--retain-handling always|new|never", "when to be sent retained messages"),
        (ToolKind.Sub, "--retained-only", "exit at the first message that is not retained"),
        (ToolKind.Every, "--tls-alpn protocol", "protocol to ask for"),
        (ToolKind.Every, "--tls-engine name", "OpenSSL engine that holds the key"),
        (ToolKind.Every, "--tls-keylog file", "write the keys of the connection to a file, for a packet analyser"),
        (ToolKind.Every, "--tls-use-os-certs", "trust the authorities of the system, which asks for TLS"),
        (ToolKind.Every, "--tls-version version", "least version: tlsv1.2 or tlsv1.3"),
        (ToolKind.Every, "--unix path", "connect to a unix socket"),
        (ToolKind.All, "--will-topic, --will-payload, --will-qos, --will-retain", "the will"),
    ];

    internal static string Text(ToolKind kind)
    {
        var text = new StringBuilder();
        string purpose = kind switch
        {
            ToolKind.Pub => "publishes a message and exits",
            ToolKind.Sub => "subscribes to topics and prints the messages it receives",
            ToolKind.Ctrl => "administers a broker: its users, groups, roles and access rules, and what it runs",
            _ => "publishes a request and prints the response",
        };
        text.Append("nightjar ").Append(kind.ToString().ToLowerInvariant()).Append(' ').Append(purpose).Append(".\n\n");
        foreach ((ToolKind kinds, string option, string line) in s_lines)
            if ((kinds & kind) != 0) text.Append(' ').Append(option.PadRight(26)).Append(' ').Append(line).Append('\n');
        return text.ToString();
    }
}
