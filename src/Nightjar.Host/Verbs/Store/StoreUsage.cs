namespace Nightjar.Host.Verbs.Store;

/// <summary>The texts of --help.</summary>
internal static class StoreUsage
{
    private const string All = """
        nightjar store looks into the files in which brokers keep their state, and takes over those of Mosquitto.

        Usage: nightjar store check  FILE
               nightjar store dump   FILE [--json]
               nightjar store stats  FILE [--json]
               nightjar store import FILE [STORE] [--replace]

        FILE is a store of Nightjar, a mosquitto.db (formats 2 to 6) or a mosquitto.sqlite3 (persistence plugin of Mosquitto 2.1). It is only read. A store
        that a broker is using cannot be looked at: stop the broker, or look at a copy of the file and its -wal.

        Each has a --help of its own. Exit codes: 0 done and good, 1 damaged or cannot be done, 3 wrong options.
        """;

    private const string Check = """
        Usage: nightjar store check FILE

        Reads all of a store and looks whether it is whole and fits together: every page, every reference, order, names. Prints what it holds and what
        is wrong, and exits with 1 if anything is.
        """;

    private const string Dump = """
        Usage: nightjar store dump FILE [--json]

        Prints everything in a store, a line a thing: message, retained, session, subscription, will, delivery, received (packet ids that wait for
        PUBREL). Values are written as in JSON.

         --json : each line is a JSON object; payloads that are not text come as payload_base64.
        """;

    private const string Stats = """
        Usage: nightjar store stats FILE [--json]

        Prints how much a store holds, and for which clients most is waiting.

         --json : as one JSON object.
        """;

    private const string Import = """
        Usage: nightjar store import FILE [STORE] [--replace]

        Makes a store of a mosquitto.db or mosquitto.sqlite3, while neither broker runs: sessions, subscriptions with their options, queued messages and
        those in flight with their packet ids, QoS 2 handshakes, retained messages, wills. Expiry times go on; what has expired is left out and
        counted. All or nothing: the store gets its name when it is complete and on disk.

         STORE     : the store to make; --to STORE does the same. Unless given, nightjar.db beside FILE, where a broker with Mosquitto's
                     configuration looks for it.
         --replace : put a store that is there aside (STORE.before-import) instead of refusing.

        Mosquitto does not keep shared subscriptions in mosquitto.db: their clients have to subscribe again.
        When root imports, the store belongs to the owner of FILE, as whom the broker goes on.
        """;

    /// <summary>The text that a command line asks for; null when it asks for none.</summary>
    internal static string? For(string[] args)
    {
        if (args.Length == 0 || IsHelp(args[0])) return All;
        if (!args.Any(IsHelp)) return null;
        return args[0] switch
        {
            "check" => Check,
            "dump" => Dump,
            "stats" => Stats,
            "import" => Import,
            _ => All,
        };
    }

    private static bool IsHelp(string word) => word is "--help" or "-h";
}
