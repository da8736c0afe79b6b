namespace Nightjar.EndToEnd.Tests.Tools;

/// <summary>A folder of its own whose files others may read: a broker that root starts goes on as another user.</summary>
internal sealed class PublicFolder : IDisposable
{
    private const UnixFileMode FolderMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public PublicFolder() => SetMode(Path, FolderMode);

    /// <summary>Where it is.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("nightjar-").FullName;

    /// <summary>The path of a file in it.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a file, and gives its path.</summary>
    public string Write(string name, string text)
    {
        File.WriteAllText(this[name], text);
        MakeReadable(name);
        return this[name];
    }

    /// <summary>Lets others read a file that a tool made.</summary>
    public void MakeReadable(string name) => SetMode(this[name], FileMode);

    /// <summary>Lets others make and remove files in it.</summary>
    public void MakeWritable() => SetMode(Path, FolderMode | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite);

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, mode);
    }
}
