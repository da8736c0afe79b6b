using System.Text;
using Nightjar.Transport.Files;

namespace Nightjar.Host.Verbs.Certificates;

/// <summary>The files of an authority. One command at a time has them.</summary>
/// <remarks>Each file is written beside its name and then put in its place, so that there is always a whole one, whoever reads meanwhile.</remarks>
internal sealed class AuthorityFolder : IDisposable
{
    /// <summary>Name of the authority's own files.</summary>
    internal const string Authority = "ca";

    private const UnixFileMode Secret = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Public = Secret | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly string _path;
    private readonly FileStream _lock;

    private AuthorityFolder(string path, FileStream held)
    {
        _path = path;
        _lock = held;
    }

    /// <summary>What was issued: <see cref="CertificateIndex"/>.</summary>
    internal string Index => Path.Combine(_path, "index");

    /// <summary>The list of revoked certificates.</summary>
    internal string RevocationList => Path.Combine(_path, "ca.crl");

    /// <summary>Takes hold of a folder.</summary>
    /// <exception cref="CertificateException">It is not there, or another command has it.</exception>
    internal static AuthorityFolder Open(string path, bool create)
    {
        if (create)
            Directory.CreateDirectory(path);
        else if (!File.Exists(Path.Combine(path, "ca.crt")))
            throw new CertificateException($"{path} has no authority (ca.crt). Make one: nightjar cert ca -d {path}");
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = Secret;
            return new AuthorityFolder(path, new FileStream(Path.Combine(path, ".lock"), options));
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or FileNotFoundException))
        {
            throw new CertificateException($"{path} is in use by another 'nightjar cert', or cannot be written to: {e.Message}");
        }
    }

    internal string CertificateOf(string name) => Path.Combine(_path, name + ".crt");

    internal string KeyOf(string name) => Path.Combine(_path, name + ".key");

    /// <exception cref="CertificateException">The name has files already.</exception>
    internal void RequireFree(string name)
    {
        foreach (string path in new[] { KeyOf(name), CertificateOf(name) })
            if (File.Exists(path)) throw new CertificateException($"{path} exists already. --force replaces it.");
    }

    /// <summary>Puts a file in its place that its owner alone may read.</summary>
    internal static void WriteSecret(string path, string text) => Write(path, text, Secret);

    /// <summary>Puts a file in its place that everybody may read.</summary>
    internal static void WritePublic(string path, string text) => Write(path, text, Public);

    public void Dispose() => _lock.Dispose();

    private static void Write(string path, string text, UnixFileMode mode)
    {
        string temporary = path + ".new";
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = mode;
        using (var stream = new FileStream(temporary, options))
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
            DiskSync.Flush(stream);
        }
        File.Move(temporary, path, overwrite: true);
    }
}
