namespace Nightjar.Storage.Mosquitto;

/// <summary>A file of another broker that cannot be read: where it fails and why.</summary>
/// <param name="file">Path as it was given.</param>
/// <param name="place">Where in it: a byte or a row.</param>
/// <param name="what">What is wrong there.</param>
public sealed class StoreFileException(string file, string place, string what) : IOException($"{file}: {place}: {what}")
{
    /// <summary>At a byte of the file.</summary>
    internal static StoreFileException At(string file, long offset, string what) => new(file, $"byte {offset}", what);
}
