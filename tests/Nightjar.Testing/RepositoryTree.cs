namespace Nightjar.Testing;

/// <summary>Finds the files of the repository from a test's output folder.</summary>
public static class RepositoryTree
{
    /// <summary>The folder that holds <c>Engine.sln</c>.</summary>
    /// <exception cref="DirectoryNotFoundException">The tests run outside a checkout.</exception>
    public static string Root { get; } = FindRoot();

    /// <summary>The folder for reports of a run; it is created when missing and never under version control.</summary>
    public static string Artifacts => Directory.CreateDirectory(Path.Combine(Root, "artifacts")).FullName;

    /// <summary>The source files below a folder of the repository, without build output, in a stable order.</summary>
    /// <param name="folder">Path relative to <see cref="Root"/>, with forward slashes.</param>
    /// <param name="pattern">File name pattern, such as <c>*.cs</c>.</param>
    /// <returns>Full paths; empty when the folder does not exist.</returns>
    public static IReadOnlyList<string> Files(string folder, string pattern)
    {
        string start = Path.Combine(Root, folder);
        return !Directory.Exists(start)
            ? []
            : [.. Directory.EnumerateFiles(start, pattern, SearchOption.AllDirectories).Where(IsSource).Order(StringComparer.Ordinal)];
    }

    /// <summary>A path relative to <see cref="Root"/>, with forward slashes, for messages.</summary>
    public static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    private static bool IsSource(string path) =>
        !Relative(path).Split('/').Any(part => part is "bin" or "obj" or "node_modules");

    private static string FindRoot()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Engine.sln"))) return at.FullName;
        }

        throw new DirectoryNotFoundException($"No Engine.sln above {AppContext.BaseDirectory}.");
    }
}
