using Nightjar.Transport;

namespace Nightjar.LoadTests;

/// <summary>The load-test tool; see <c>--help</c>.</summary>
internal static class Program
{
    internal static async Task<int> Main(string[] arguments)
    {
        // Nothing in the handlers of this tool blocks.
        SocketTransport.UseInlineCompletions();
        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, pressed) =>
        {
            pressed.Cancel = true;
            stop.Cancel();
        };
        return await LoadRunner.RunAsync(arguments, Console.Out, Console.Error, !Console.IsErrorRedirected, stop.Token);
    }
}
