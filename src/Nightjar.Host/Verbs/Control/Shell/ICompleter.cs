namespace Nightjar.Host.Verbs.Control.Shell;

/// <summary>Knows how a line can go on.</summary>
internal interface ICompleter
{
    /// <summary>Finds what the last word can become.</summary>
    /// <param name="text">The line up to the cursor.</param>
    /// <param name="start">Where the last word begins.</param>
    /// <returns>The words that begin with it, in order; none when nothing is known.</returns>
    IReadOnlyList<string> Complete(string text, out int start);
}
