using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Nightjar.EndToEnd.Tests.Tools;

/// <summary>A started program: what it prints is collected line by line and can be waited for; it never outlives its owner.</summary>
internal sealed partial class RunningProcess : IAsyncDisposable
{
    /// <summary>How long anything that is waited for may take before the test fails. Far more than it ever needs.</summary>
    public static readonly TimeSpan Guard = TimeSpan.FromSeconds(30);


    private readonly Process _process;
    private readonly Task _reading;
    private readonly Lock _lock = new();

    // Under _lock.
    private readonly List<string> _output = [];
    private readonly List<string> _errors = [];
    private TaskCompletionSource _changed = NewSignal();

    private RunningProcess(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput, _output), ReadAsync(process.StandardError, _errors));
    }

    /// <summary>The operating system's id of the process.</summary>
    public int Id => _process.Id;

    /// <summary>The exit code; null while the program runs.</summary>
    public int? ExitCode => _process.HasExited ? _process.ExitCode : null;

    /// <summary>What was printed on the standard output so far.</summary>
    public string Output => TextOf(_output);

    /// <summary>What was printed on the standard error so far.</summary>
    public string Errors => TextOf(_errors);

    /// <summary>Starts a program.</summary>
    /// <param name="file">Full path of the executable.</param>
    /// <param name="arguments">Passed as they are; no shell is between.</param>
    public static RunningProcess Start(string file, IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(file, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        start.Environment["PYTHONUNBUFFERED"] = "1";
        // A broker that is killed would leave the pipes and the socket of its diagnostics in the temporary folder.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        return new RunningProcess(Process.Start(start)!);
    }

    /// <summary>Writes a line to the standard input, which stays open.</summary>
    public async Task WriteLineAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Writes text to the standard input and closes it.</summary>
    public async Task EnterAsync(string text)
    {
        await _process.StandardInput.WriteAsync(text);
        _process.StandardInput.Close();
    }

    /// <summary>How many lines of either stream fulfil a condition so far.</summary>
    public int Count(Func<string, bool> condition)
    {
        lock (_lock) return _output.Concat(_errors).Count(condition);
    }

    /// <summary>Waits until a line on either stream fulfils the condition; lines printed before the call count.</summary>
    /// <param name="condition">What the line must fulfil.</param>
    /// <param name="number">How many such lines there must be, from the start of the program.</param>
    /// <returns>The line.</returns>
    /// <exception cref="TimeoutException">No such line within <see cref="Guard"/>, or the program ended without printing one.</exception>
    public async Task<string> WaitForLineAsync(Func<string, bool> condition, int number = 1)
    {
        using CancellationTokenSource guard = new(Guard);
        while (true)
        {
            // Taken in this order, a line printed between the look and the wait is not missed.
            Task changed;
            bool ended = _reading.IsCompleted;
            lock (_lock)
            {
                if (_output.Concat(_errors).Where(condition).Skip(number - 1).FirstOrDefault() is { } line) return line;
                changed = _changed.Task;
            }

            try
            {
                if (ended)
                {
                    await _process.WaitForExitAsync(guard.Token);
                    throw new TimeoutException($"{Describe()} ended without the expected line.");
                }

                await Task.WhenAny(changed, _reading).WaitAsync(guard.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"{Describe()} did not print the expected line.");
            }
        }
    }

    /// <summary>Waits for the program to end by itself.</summary>
    /// <exception cref="TimeoutException">It did not within the time allowed; it is killed then.</exception>
    public async Task<ProcessResult> WaitForExitAsync(TimeSpan? timeout = null)
    {
        using CancellationTokenSource guard = new(timeout ?? Guard);
        try
        {
            await _process.WaitForExitAsync(guard.Token);
            await _reading.WaitAsync(guard.Token);
        }
        catch (OperationCanceledException)
        {
            Kill();
            throw new TimeoutException($"{Describe()} did not end.");
        }

        return new ProcessResult(_process.ExitCode, Output, Errors);
    }

    /// <summary>Sends the program a signal.</summary>
    /// <param name="signal">A number of Linux.</param>
    public void Signal(int signal)
    {
        if (!_process.HasExited && SendSignal(_process.Id, signal) != 0 && !_process.HasExited)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    /// <summary>Asks the program to stop by SIGTERM and waits for its end.</summary>
    /// <exception cref="TimeoutException">It did not end within the time allowed; it is killed then.</exception>
    public Task<ProcessResult> StopAsync(TimeSpan? timeout = null)
    {
        Signal(SignalNumber.Terminate);
        return WaitForExitAsync(timeout);
    }

    /// <summary>Ends the program at once, as a crash would (SIGKILL).</summary>
    public void Kill()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: false);
    }

    /// <summary>Ends the program and everything that it has started.</summary>
    public void KillTree()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>The program with everything it printed, for failure messages.</summary>
    public string Describe() => $"{_process.StartInfo.FileName} {string.Join(' ', _process.StartInfo.ArgumentList)}\n{Output}\n{Errors}";

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private string TextOf(List<string> lines)
    {
        lock (_lock) return string.Join('\n', lines);
    }

    private async Task ReadAsync(StreamReader reader, List<string> lines)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            TaskCompletionSource changed;
            lock (_lock)
            {
                lines.Add(line);
                changed = _changed;
                _changed = NewSignal();
            }

            changed.SetResult();
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int pid, int signal);
}
