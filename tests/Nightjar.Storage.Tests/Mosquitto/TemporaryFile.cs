namespace Nightjar.Storage.Tests.Mosquitto;

/// <summary>A file with given content, gone with its owner.</summary>
internal sealed class TemporaryFile : IDisposable
{
    private static readonly string Folder = Directory.Exists("/dev/shm") ? "/dev/shm" : System.IO.Path.GetTempPath();

    internal TemporaryFile(byte[] content)
    {
        Path = System.IO.Path.Combine(Folder, $"nightjar-{Guid.NewGuid():N}");
        Write(content);
    }

    internal string Path { get; }

    internal void Write(ReadOnlySpan<byte> content) => File.WriteAllBytes(Path, content);

    public void Dispose() => File.Delete(Path);
}
