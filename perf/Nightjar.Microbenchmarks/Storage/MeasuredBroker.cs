using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Nightjar.Client;

namespace Nightjar.Microbenchmarks.Storage;

/// <summary>The executable, as users run it, on a store of its own, a free port of 127.0.0.1 and without limits of queues.</summary>
internal sealed partial class MeasuredBroker : IAsyncDisposable
{
    /// <summary>Name of the store's file in its folder.</summary>
    internal const string FileName = "nightjar.db";
    private const int Terminate = 15;
    private static readonly TimeSpan s_guard = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_betweenAttempts = TimeSpan.FromMilliseconds(2);
    private readonly Process _process;

    private MeasuredBroker(Process process, IPEndPoint endPoint)
    {
        _process = process;
        EndPoint = endPoint;
    }

    internal IPEndPoint EndPoint { get; }

    /// <summary>From the fork to the first CONNACK.</summary>
    internal TimeSpan StartTime { get; private set; }

    internal long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    internal TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Starts it and connects until it accepts.</summary>
    /// <param name="executable">The executable <c>nightjar</c>.</param>
    /// <param name="folder">Folder of the store.</param>
    /// <exception cref="InvalidOperationException">It ended instead, or accepts nobody in five minutes.</exception>
    internal static async Task<MeasuredBroker> StartAsync(string executable, string folder)
    {
        var endPoint = new IPEndPoint(IPAddress.Loopback, FreePort());
        var configuration = Path.Combine(folder, "nightjar.conf");
        await File.WriteAllTextAsync(configuration, string.Create(CultureInfo.InvariantCulture, $"""
            listener {endPoint.Port} 127.0.0.1
            allow_anonymous true
            max_queued_messages 0
            max_inflight_messages 0
            sys_interval 1
            log_type error
            persistence true
            persistence_sync always
            persistence_location {folder}/
            persistence_file {FileName}
            {(Environment.UserName == "root" ? "user root" : "")}

            """)).ConfigureAwait(false);
        var start = Stopwatch.GetTimestamp();
        var broker = new MeasuredBroker(Process.Start(new ProcessStartInfo(executable, ["-c", configuration]))!, endPoint);
        try
        {
            await broker.WaitAsync(start).ConfigureAwait(false);
            return broker;
        }
        catch
        {
            await broker.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Connects a client.</summary>
    internal async Task<MqttClient> ConnectAsync(MqttClientOptions options, ReceivedMessageHandler? handler = null)
    {
        var client = new MqttClient { MessageReceived = handler };
        var result = await client.ConnectAsync(EndPoint, options).ConfigureAwait(false);
        return result.IsAccepted ? client : throw new InvalidOperationException($"{options.ClientId} was not accepted: {result.Cause}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited && SendSignal(_process.Id, Terminate) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
        await _process.WaitForExitAsync().ConfigureAwait(false);
        _process.Dispose();
    }

    private async Task WaitAsync(long start)
    {
        while (!await TryConnectAsync().ConfigureAwait(false))
        {
            if (_process.HasExited) throw new InvalidOperationException($"the broker ended with {_process.ExitCode}");
            if (Stopwatch.GetElapsedTime(start) > s_guard) throw new InvalidOperationException("the broker does not accept connections");
            await Task.Delay(s_betweenAttempts).ConfigureAwait(false);
        }

        StartTime = Stopwatch.GetElapsedTime(start);
    }

    private async Task<bool> TryConnectAsync()
    {
        await using var client = new MqttClient();
        try
        {
            return (await client.ConnectAsync(EndPoint, new MqttClientOptions { ClientId = "first" }).ConfigureAwait(false)).IsAccepted;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);
}
