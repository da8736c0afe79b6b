namespace Nightjar.Host.Configuration.Sections;

/// <summary>A line of a configuration file.</summary>
/// <param name="File">Path as it was given.</param>
/// <param name="Line">1 for the first; 0 when no line stands for it.</param>
internal readonly record struct SourcePlace(string File, int Line)
{
    /// <summary>FILE:LINE.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{File}:{Line}");
}
