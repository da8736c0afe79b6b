using Microsoft.Extensions.Logging;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.DynamicSecurity;
using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Running;

/// <summary>
/// The files of dynamic security that are open, from one reload to the next: what commands changed lives here, so a reload takes the same one again.
/// </summary>
/// <remarks>One assembly at a time is made with it; then <see cref="CommitAsync"/> or <see cref="UndoAsync"/>.</remarks>
internal sealed class DynamicSecurityFiles(ILogger log) : IAsyncDisposable
{
    private readonly Dictionary<string, DynamicSecurityService> _open = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (DynamicSecurityService Security, DynamicSecuritySection Section)> _wanted = new(StringComparer.Ordinal);

    /// <summary>The one of a file; opened, or made, when it is new.</summary>
    /// <param name="section">The file, and how it begins.</param>
    /// <param name="warnings">Takes what the administrator should know.</param>
    /// <exception cref="SecurityFileException">The file cannot be used. One that is open is as it was.</exception>
    internal DynamicSecurityService Take(DynamicSecuritySection section, List<string> warnings)
    {
        var file = FileOf(section.ConfigFile);
        if (_wanted.TryGetValue(file, out var wanted)) return wanted.Security;
        if (_open.TryGetValue(file, out var security))
        {
            // Read when all else is known to be right; looked at now, so that it is.
            warnings.AddRange(DynamicSecurityService.Check(section.ConfigFile));
        }
        else
        {
            security = DynamicSecurityService.Open(OptionsOf(section), log);
            warnings.AddRange(security.Warnings);
        }

        _wanted[file] = (security, section);
        return security;
    }

    /// <summary>Looks at a file that a start would open, and makes none.</summary>
    /// <exception cref="SecurityFileException">The file cannot be used.</exception>
    internal static IReadOnlyList<string> Check(DynamicSecuritySection section) =>
        File.Exists(section.ConfigFile)
            ? DynamicSecurityService.Check(section.ConfigFile)
            : [$"Warning: The dynamic security config {section.ConfigFile} is not there; the start makes it."];

    /// <summary>The assembly is in force: files that others have changed are read anew, and what it does not name is closed.</summary>
    internal async Task CommitAsync()
    {
        foreach (var (file, (security, section)) in _wanted)
        {
            if (!_open.ContainsKey(file)) continue;
            security.DeniesSpecialCharacters = section.DenySpecialCharacters;
            try
            {
                await security.ReloadAsync();
            }
            catch (SecurityFileException exception)
            {
                // It was right a moment ago.
                foreach (var error in exception.Errors) Logging.HostLog.Failed(log, error);
            }
        }

        await CloseAsync(_open.Where(open => !_wanted.ContainsKey(open.Key)).Select(open => open.Value));
        _open.Clear();
        foreach (var (file, (security, _)) in _wanted) _open.Add(file, security);
        _wanted.Clear();
    }

    /// <summary>The assembly is not used: what it opened is closed.</summary>
    internal async Task UndoAsync()
    {
        await CloseAsync(_wanted.Where(wanted => !_open.ContainsKey(wanted.Key)).Select(wanted => wanted.Value.Security));
        _wanted.Clear();
    }

    /// <summary>Closes all; what is left to be written is.</summary>
    public async ValueTask DisposeAsync()
    {
        await UndoAsync();
        await CloseAsync(_open.Values);
        _open.Clear();
    }

    private static async Task CloseAsync(IEnumerable<DynamicSecurityService> closing)
    {
        foreach (var security in closing.ToArray()) await security.DisposeAsync();
    }

    // Two that write one file, because it goes by two names, would undo each other's changes.
    private static string FileOf(string path)
    {
        var full = Path.GetFullPath(path);
        try
        {
            return File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What is wrong with it is said when it is opened.
            return full;
        }
    }

    private static DynamicSecurityOptions OptionsOf(DynamicSecuritySection section) => new()
    {
        Path = section.ConfigFile,
        InitialPasswordPath = section.PasswordInitFile,
        InitialPassword = Environment.GetEnvironmentVariable("MOSQUITTO_DYNSEC_PASSWORD"),
        DeniesSpecialCharacters = section.DenySpecialCharacters,
    };
}
