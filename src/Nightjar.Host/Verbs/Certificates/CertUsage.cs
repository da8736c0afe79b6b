namespace Nightjar.Host.Verbs.Certificates;

/// <summary>The texts of --help.</summary>
internal static class CertUsage
{
    private const string All = """
        nightjar cert makes certificates for a broker and its clients, with an authority that is a folder.

        Usage: nightjar cert ca     -d DIR [--name CN] [--days N] [--rsa] [--force]
               nightjar cert server -d DIR NAME [--san HOST]... [--cn CN] [--days N] [--rsa] [--force]
               nightjar cert client -d DIR NAME [--cn CN] [--days N] [--rsa] [--force]
               nightjar cert revoke -d DIR NAME [--reason REASON] [--days N]
               nightjar cert crl    -d DIR [--days N]
               nightjar cert list   -d DIR

        Each has a --help of its own. Exit codes: 0 done, 1 cannot be done, 3 wrong options.
        """;

    private const string Authority = """
        Usage: nightjar cert ca -d DIR [--name CN] [--days N] [--rsa] [--force]

        Makes an authority: DIR/ca.crt (give it to everybody, as cafile), DIR/ca.key (give it to nobody), DIR/ca.crl (crlfile of the broker).

         -d DIR      : the folder; made if it is not there.
         --name CN   : name of the authority, "Nightjar CA" unless given.
         --days N    : how long it is valid, 3650 unless given.
         --rsa       : an RSA key of 3072 bits instead of an elliptic one (P-256).
         --force     : replace an authority that is there; what it issued is worthless then.
        """;

    private const string Server = """
        Usage: nightjar cert server -d DIR NAME [--san HOST]... [--cn CN] [--days N] [--rsa] [--force]

        Issues a server's certificate: DIR/NAME.crt (certfile) and DIR/NAME.key (keyfile).
        The key that root makes belongs to user mosquitto, as whom a broker started by root goes on.

         --san HOST  : a host name or address by which clients connect; may be given several times.
                       Unless given: localhost, 127.0.0.1 and ::1. NAME is one more, if it is a host name or an address.
         --cn CN     : common name, NAME unless given.
         --days N    : how long it is valid, 825 unless given; never longer than the authority.
         --rsa       : an RSA key of 3072 bits instead of an elliptic one (P-256).
         --force     : replace the files of an earlier certificate, which stays valid until it is revoked by its serial number.
        """;

    private const string Client = """
        Usage: nightjar cert client -d DIR NAME [--cn CN] [--days N] [--rsa] [--force]

        Issues a client's certificate: DIR/NAME.crt and DIR/NAME.key. With use_identity_as_username the common name is the user name.

         --cn CN     : common name, NAME unless given; for names that no file can have.
         --days N    : how long it is valid, 825 unless given; never longer than the authority.
         --rsa       : an RSA key of 3072 bits instead of an elliptic one (P-256).
         --force     : replace the files of an earlier certificate, which stays valid until it is revoked by its serial number.
        """;

    private const string Revoke = """
        Usage: nightjar cert revoke -d DIR NAME [--reason REASON] [--days N]

        Takes back every certificate issued for NAME, or the one with this serial number, and writes DIR/ca.crl. Doing it again changes nothing.

         --reason R  : unspecified (unless given), keyCompromise, CACompromise, affiliationChanged, superseded, cessationOfOperation
                       or certificateHold.
         --days N    : how long the list is valid, 365 unless given. After that a broker lets nobody in: see nightjar cert crl.
        """;

    private const string RevocationList = """
        Usage: nightjar cert crl -d DIR [--days N]

        Writes DIR/ca.crl anew, so that it is valid again for N days (365 unless given). A broker refuses certificates while its list is too old.
        """;

    private const string List = """
        Usage: nightjar cert list -d DIR

        Prints what was issued: state, kind, end, serial number, name, and of revoked certificates when and why.
        """;

    /// <summary>The text that a command line asks for; null when it asks for something else.</summary>
    internal static string? For(string[] args)
    {
        if (args.Length == 0) return All;
        if (!args.Any(arg => arg is "-h" or "--help")) return null;
        return args[0] switch
        {
            "ca" => Authority,
            "server" => Server,
            "client" => Client,
            "revoke" => Revoke,
            "crl" => RevocationList,
            "list" => List,
            _ => All,
        };
    }
}
