using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Nightjar.CrashTests.Processes;

/// <summary>The broker as users run it, on one port and one folder, killed and started again.</summary>
internal sealed partial class BrokerUnderTest : IAsyncDisposable
{
    private const int Kill = 9;
    private const int NoSuchProcess = 3;

    // How long a start may take before the run fails: far more than it ever needs.
    private static readonly TimeSpan StartGuard = TimeSpan.FromSeconds(90);
    private readonly string _folder;
    private readonly Func<string, string>? _configuration;
    private readonly List<string> _log = [];
    private Process? _process;

    /// <summary>Makes one that is not started.</summary>
    /// <param name="folder">Its store and its configuration lie there.</param>
    /// <param name="configuration">Lines besides the listener, for the folder of the store; null for those of a broker that must lose nothing.</param>
    internal BrokerUnderTest(string folder, Func<string, string>? configuration = null)
    {
        _folder = folder;
        _configuration = configuration;
        StoreFolder = Path.Combine(folder, "store");
        Directory.CreateDirectory(StoreFolder);
        Port = FreePort();
    }

    internal int Port { get; }

    /// <summary>Where the store lies.</summary>
    internal string StoreFolder { get; set; }

    /// <summary>A program that runs the broker, with its arguments; empty for none.</summary>
    internal IReadOnlyList<string> Wrapper { get; set; } = [];

    /// <summary>strace with an injection into calls on the files of the store, and on no others.</summary>
    internal IReadOnlyList<string> Strace(string injection, string calls)
    {
        // Filtered by the kernel other calls cost nothing; but no signal gets through then.
        string[] filter = injection.Contains("signal=", StringComparison.Ordinal) ? [] : ["--seccomp-bpf"];
        var store = Path.Combine(StoreFolder, "nightjar.db");
        return ["strace", "-f", "-qq", .. filter, "-o", "/dev/null", "-P", store, "-P", store + "-wal", "-P", store + "-journal", "-e", $"trace={calls}", "-e", injection];
    }

    /// <summary>What the broker has logged since its last start.</summary>
    internal IReadOnlyList<string> Log
    {
        get
        {
            lock (_log) return [.. _log];
        }
    }

    /// <summary>Completes when the process is over, whoever ended it.</summary>
    internal Task Ended { get; private set; } = Task.CompletedTask;

    /// <summary>Whether it ended by itself and without an error.</summary>
    internal bool EndedWell => _process is { HasExited: true, ExitCode: 0 };

    internal bool IsRunning => _process is { HasExited: false };

    /// <summary>Longest time from start to listening so far.</summary>
    internal TimeSpan LongestStart { get; private set; }

    /// <summary>Starts it and waits until it listens, or is over.</summary>
    /// <returns>False when it ended before it listened.</returns>
    /// <exception cref="TimeoutException">It does neither.</exception>
    internal async Task<bool> StartAsync()
    {
        var file = Path.Combine(_folder, "broker.conf");
        var lines = _configuration is null ? DurableConfiguration(StoreFolder) : _configuration(StoreFolder);
        await File.WriteAllTextAsync(file, string.Create(CultureInfo.InvariantCulture, $"listener {Port} 127.0.0.1\n{lines}"));
        lock (_log) _log.Clear();
        var running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        string[] command = [.. Wrapper, DotNet(), Path.Combine(AppContext.BaseDirectory, "nightjar.dll"), "-c", file];
        var start = Stopwatch.StartNew();
        var process = new Process
        {
            StartInfo = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true },
            EnableRaisingEvents = true,
        };
        // A broker that is killed would leave the pipes and the socket of its diagnostics in the temporary folder.
        process.StartInfo.Environment["DOTNET_EnableDiagnostics"] = "0";
        process.OutputDataReceived += (_, line) => Logged(line.Data, running);
        process.ErrorDataReceived += (_, line) => Logged(line.Data, running);
        process.Start();
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        _process = process;
        Ended = process.WaitForExitAsync();
        if (await Task.WhenAny(running.Task, Ended).WaitAsync(StartGuard) == Ended && !running.Task.IsCompleted) return false;
        if (start.Elapsed > LongestStart) LongestStart = start.Elapsed;
        return true;
    }

    /// <summary>kill -9, as the death of the process is at any moment.</summary>
    internal async Task KillAsync()
    {
        if (_process is null) return;
        // A wrapper passes no SIGKILL on: its child is the broker.
        if (Wrapper.Count > 0) ChildrenOf(_process.Id).ForEach(id => SendSignal(id, Kill));
        else if (!_process.HasExited) _process.Kill();
        await Ended;
        _process.Dispose();
        _process = null;
    }

    /// <summary>Sends the broker a signal, if it is not over.</summary>
    internal void Signal(int signal)
    {
        if (_process is not { HasExited: false } process) return;
        // The broker may be over, and what runs it not yet.
        List<int> ids = Wrapper.Count > 0 ? ChildrenOf(process.Id) : [process.Id];
        foreach (var id in ids)
        {
            if (SendSignal(id, signal) != 0 && IsRunning && Marshal.GetLastPInvokeError() != NoSuchProcess) throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Waits until a line of the log has a text in it.</summary>
    /// <exception cref="TimeoutException">It does not come, or the broker ends before.</exception>
    internal Task WaitForLogAsync(string text) => WaitForLogAsync(log => log.Any(line => line.Contains(text, StringComparison.Ordinal)), text);

    /// <summary>The same, of the whole log.</summary>
    internal async Task WaitForLogAsync(Func<IReadOnlyList<string>, bool> condition, string what)
    {
        var end = DateTime.UtcNow + StartGuard;
        while (!condition(Log))
        {
            if (DateTime.UtcNow > end || !IsRunning) throw new TimeoutException($"The broker did not log '{what}'.\n{string.Join('\n', Log)}");
            await Task.Delay(5);
        }
    }

    /// <summary>Forgets everything that was stored.</summary>
    internal void EmptyStore()
    {
        foreach (var file in Directory.GetFiles(StoreFolder)) File.Delete(file);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        try
        {
            Directory.Delete(_folder, recursive: true);
        }
        catch (IOException)
        {
            // A file system of its own may be mounted there; whoever did takes it away.
        }
    }

    /// <summary>A configuration under which nothing that was acknowledged may be lost.</summary>
    internal static string DurableConfiguration(string storeFolder) =>
        $"""
        allow_anonymous true
        {(Environment.UserName == "root" ? "user root" : "")}
        max_queued_messages 0
        max_queued_bytes 0
        persistence true
        persistence_location {storeFolder}/
        log_type error
        log_type warning
        log_type notice
        log_type information

        """;

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static string DotNet()
    {
        var path = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";
    }

    private static List<int> ChildrenOf(int id)
    {
        string children;
        try
        {
            children = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/task/{id}/children"));
        }
        catch (IOException)
        {
            // The process is over, perhaps since a moment ago.
            return [];
        }

        return [.. children.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(child => int.Parse(child, CultureInfo.InvariantCulture))];
    }

    private void Logged(string? line, TaskCompletionSource running)
    {
        if (line is null) return;
        lock (_log) _log.Add(line);
        if (line.EndsWith(" running", StringComparison.Ordinal)) running.TrySetResult();
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int pid, int signal);
}
