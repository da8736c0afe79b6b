namespace Nightjar.Transport.Files;

/// <summary>Who else can read a file.</summary>
/// <param name="IsWorldReadable">Everybody on the machine.</param>
/// <param name="Owner">Number of the user it belongs to.</param>
public readonly record struct FileAccessStatus(bool IsWorldReadable, uint Owner);
