using System.Net.Sockets;

namespace Nightjar.Transport.Sockets;

/// <summary>The file that a unix domain socket is known by.</summary>
internal static class UnixSocketFile
{
    // Owner and group, as Mosquitto makes it.
    private const UnixFileMode Mode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute;

    // errno of opening a socket as a file.
    private const int NoSuchDeviceOrAddress = 6;

    /// <summary>Makes the path free: removes what a listener that died has left there.</summary>
    /// <exception cref="SocketException">Somebody listens there, or something else than a socket is there; that is left alone.</exception>
    internal static void MakeFree(UnixDomainSocketEndPoint endPoint)
    {
        string path = endPoint.ToString();
        // An abstract address has no file.
        if (path.StartsWith('@') || !Path.Exists(path))
            return;
        if (!IsSocket(path))
            throw new SocketException((int)SocketError.AddressAlreadyInUse, $"{path} is there and is no socket. Remove it, or listen elsewhere.");
        if (IsAnswered(endPoint))
            throw new SocketException((int)SocketError.AddressAlreadyInUse, $"Somebody listens on {path} already.");
        File.Delete(path);
    }

    /// <summary>Lets owner and group connect. Before the call only the owner can, with the usual umask.</summary>
    internal static void Open(UnixDomainSocketEndPoint endPoint)
    {
        string path = endPoint.ToString();
        if (!OperatingSystem.IsWindows() && !path.StartsWith('@'))
            File.SetUnixFileMode(path, Mode);
    }

    // A socket is what cannot be opened as a file for want of a device. For reading and writing, so that a named pipe does not wait for its other end.
    private static bool IsSocket(string path)
    {
        try
        {
            using (File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
                return false;
        }
        catch (IOException exception)
        {
            return exception.HResult == NoSuchDeviceOrAddress;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    // Does not wait: a listener whose backlog is full is one too.
    private static bool IsAnswered(UnixDomainSocketEndPoint endPoint)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            socket.Connect(endPoint);
            return true;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode != SocketError.ConnectionRefused;
        }
    }
}
