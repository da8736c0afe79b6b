namespace Nightjar.EndToEnd.Tests.Tools;

/// <summary>Runs programs to their end.</summary>
internal static class ProcessRunner
{
    /// <summary>Starts a program, gives it the input, and waits for its end.</summary>
    /// <param name="file">Full path of the executable.</param>
    /// <param name="arguments">Passed as they are; no shell is between.</param>
    /// <param name="input">Text for the standard input, which is closed after it; null closes it at once.</param>
    /// <param name="timeout">After it the program is killed; <see cref="RunningProcess.Guard"/> unless given.</param>
    /// <exception cref="TimeoutException">The program did not end in time.</exception>
    public static async Task<ProcessResult> RunAsync(string file, IEnumerable<string> arguments, string? input = null, TimeSpan? timeout = null)
    {
        await using RunningProcess process = RunningProcess.Start(file, arguments);
        await process.EnterAsync(input ?? "");
        return await process.WaitForExitAsync(timeout);
    }
}
