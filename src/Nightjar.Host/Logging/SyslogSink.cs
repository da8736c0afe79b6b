using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Logging;

/// <summary>The system's log: datagrams to /dev/log as syslog(3) sends them. A daemon that is not there or does not keep up loses lines, and never holds anybody up.</summary>
/// <param name="path">Socket of the daemon.</param>
/// <param name="facility">Facility, 0 to 23.</param>
/// <param name="ident">Name of the program.</param>
/// <param name="clock">For the time in front.</param>
internal sealed class SyslogSink(string path, int facility, string ident, TimeProvider clock) : ILogSink
{
    internal const string DefaultPath = "/dev/log";
    private Socket? _socket;

    public bool TryWrite(in LogLine line)
    {
        // The form of RFC 3164, which every daemon and journald read.
        var time = clock.GetLocalNow();
        var priority = (facility * 8) + Severity(line.Type);
        var text = string.Create(
            CultureInfo.InvariantCulture, $"<{priority}>{time.ToString("MMM", CultureInfo.InvariantCulture)} {time.Day,2} {time:HH:mm:ss} {ident}[{Environment.ProcessId}]: {line.Text}");
        var bytes = Encoding.UTF8.GetBytes(text);

        // A restarted daemon has a new socket: the first failure connects again.
        return TrySend(bytes) || TrySend(bytes);
    }

    public bool TryFlush() => true;

    public void Reopen() => Disconnect();

    public void Dispose() => Disconnect();

    private bool TrySend(byte[] bytes)
    {
        try
        {
            if (_socket is null)
            {
                _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
                _socket.Connect(new UnixDomainSocketEndPoint(path));
            }

            return _socket.Send(bytes) == bytes.Length;
        }
        catch (SocketException exception)
        {
            // A full queue of the daemon is no reason to connect again.
            if (exception.SocketErrorCode != SocketError.WouldBlock) Disconnect();
            return false;
        }
    }

    private void Disconnect()
    {
        _socket?.Dispose();
        _socket = null;
    }

    private static int Severity(LogTypes type) => type switch
    {
        LogTypes.Error => 3,
        LogTypes.Warning => 4,
        LogTypes.Notice or LogTypes.Subscribe or LogTypes.Unsubscribe => 5,
        LogTypes.Information => 6,
        _ => 7,
    };
}
