using System.Runtime.InteropServices;

namespace Nightjar.Host.Processes;

/// <summary>The signals of a broker, taken over from the runtime: INT and TERM stop it, HUP reloads, USR1 saves, USR2 prints the subscriptions, RTMIN reopens the log.</summary>
/// <remarks>Handlers run on the thread pool, one signal at a time and in order; signals of one kind that come while one waits are one.</remarks>
internal sealed class ProcessSignals : IDisposable
{
    // The same on every Unix.
    private const int HangUp = 1;

    // The numbers of Linux; the runtime passes numbers through that it has no name for.
    private const int User1 = 10;
    private const int User2 = 12;
    private const int RealTimeMinimum = 34;

    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly SemaphoreSlim _oneAtATime = new(1, 1);

    internal ProcessSignals(Func<Task> reload, Func<Task> save, Action printSubscriptions, Action reopenLog)
    {
        Register(PosixSignal.SIGINT, Stop);
        Register(PosixSignal.SIGTERM, Stop);
        if (OperatingSystem.IsWindows()) return;
        // Under nohup it is ignored, and the runtime keeps to that; a broker reloads all the same, as Mosquitto does.
        _ = LibC.SetDisposition(HangUp, 0);
        Handle(PosixSignal.SIGHUP, reload);
        if (!OperatingSystem.IsLinux()) return;
        Handle((PosixSignal)User1, save);
        Handle((PosixSignal)User2, Done(printSubscriptions));
        Handle((PosixSignal)RealTimeMinimum, Done(reopenLog));
    }

    /// <summary>Completes at SIGINT or SIGTERM.</summary>
    internal Task StopRequested => _stop.Task;

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
        _oneAtATime.Dispose();
    }

    private static Func<Task> Done(Action action) => () =>
    {
        action();
        return Task.CompletedTask;
    };

    private void Register(PosixSignal signal, Action<PosixSignalContext> handler) => _registrations.Add(PosixSignalRegistration.Create(signal, handler));

    private void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        _stop.TrySetResult();
    }

    private void Handle(PosixSignal signal, Func<Task> handler)
    {
        var waiting = 0;
        Register(signal, context =>
        {
            context.Cancel = true;
            if (Interlocked.Exchange(ref waiting, 1) == 0) _ = Task.Run(RunAsync);
        });

        async Task RunAsync()
        {
            await _oneAtATime.WaitAsync();
            // From here on a further signal is a new one: what this run read may be old.
            Volatile.Write(ref waiting, 0);
            try
            {
                await handler();
            }
            finally
            {
                _oneAtATime.Release();
            }
        }
    }
}
