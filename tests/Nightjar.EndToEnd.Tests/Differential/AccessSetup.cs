using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Nightjar.EndToEnd.Tests.Differential;

/// <summary>One random configuration for both brokers: with one set of rules, or with <c>per_listener_settings</c> and a second listener that has its own.</summary>
internal sealed class AccessSetup : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nightjar-differential-").FullName;
    private readonly AccessRules[] _rules;
    private readonly string _common;
    private readonly string[] _own;

    /// <summary>Makes the files.</summary>
    /// <param name="random">Decides everything.</param>
    public AccessSetup(Random random)
    {
        MakeReadable(_folder, "755");
        var perListener = random.Next(3) == 0;
        _rules = [.. Enumerable.Range(0, perListener ? 2 : 1).Select(i => new AccessRules(_folder, i.ToString(CultureInfo.InvariantCulture), random))];
        // Both together would keep the administrator out.
        var (prefixes, userNameAsId) = random.Next(6) switch { 0 => (true, false), 1 => (false, true), _ => (false, false) };
        _common = (perListener ? "per_listener_settings true\n" : "") + (prefixes ? "clientid_prefixes c\n" : "") + (random.Next(6) == 0 ? "retain_available false\n" : "");
        _own = [.. _rules.Select(_ => (random.Next(5) == 0 ? $"max_qos {random.Next(2)}\n" : "") + (userNameAsId && random.Next(2) == 0 ? "use_username_as_clientid true\n" : ""))];
    }

    /// <summary>Rules of each listener.</summary>
    public IReadOnlyList<AccessRules> Rules => _rules;

    /// <summary>Whether the administrator can watch: he is let in by the first listener under an id that it takes.</summary>
    public bool CanBeWatched => _rules[0].LetsAnybodyIn && (_rules[0].HasPasswords || !_own[0].Contains("use_username", StringComparison.Ordinal));

    /// <summary>The configuration after the first listener's line.</summary>
    /// <param name="more">Lines that are for one broker only.</param>
    /// <param name="port">Takes the port of the second listener; 0 without one.</param>
    public string Configuration(string more, out int port)
    {
        port = 0;
        var text = new StringBuilder(more).Append(_common).Append(_own[0]).Append(_rules[0].Configuration);
        if (_rules.Length == 1) return text.ToString();
        port = FreePort();
        return text.Append(CultureInfo.InvariantCulture, $"listener {port} 127.0.0.1\n").Append(_own[1]).Append(_rules[1].Configuration).ToString();
    }

    /// <summary>The files, for the message of a test that fails.</summary>
    public string Describe() => $"{Configuration("", out _)}\n{string.Join("\n---\n", _rules.Select(rules => rules.Describe()))}";

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Both brokers read the files as another user when they are started as root.</summary>
    internal static void MakeReadable(string path, string mode)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32(mode, 8));
    }

    internal static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
