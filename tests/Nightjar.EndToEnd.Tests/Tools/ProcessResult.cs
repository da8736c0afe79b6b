using Xunit;

namespace Nightjar.EndToEnd.Tests.Tools;

/// <summary>How a program ended and what it printed.</summary>
/// <param name="ExitCode">0 for success; 128 + n when signal n ended it.</param>
/// <param name="Output">Standard output, lines joined by line feeds.</param>
/// <param name="Errors">Standard error, likewise.</param>
internal sealed record ProcessResult(int ExitCode, string Output, string Errors)
{
    /// <summary>Fails the test with the program's words unless it ended with the expected code.</summary>
    /// <returns>This result.</returns>
    public ProcessResult AssertExitCode(int expected = 0)
    {
        Assert.True(ExitCode == expected, $"exit code {ExitCode}, not {expected}\n{Output}\n{Errors}");
        return this;
    }
}
