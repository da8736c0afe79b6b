namespace Nightjar.Host.Verbs.Control.Shell;

/// <summary>The terminal that the program was started at.</summary>
/// <param name="output">Writes to it.</param>
internal sealed class SystemTerminal(TextWriter output) : ITerminal
{
    private const int UsualWidth = 80;

    public int Width => Console.WindowWidth > 0 ? Console.WindowWidth : UsualWidth;

    public ConsoleKeyInfo? ReadKey()
    {
        // Only while a key is awaited: at any other time Ctrl-C ends the program.
        Console.TreatControlCAsInput = true;
        try
        {
            return Console.ReadKey(intercept: true);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
        finally
        {
            Console.TreatControlCAsInput = false;
        }
    }

    public void Write(string text)
    {
        output.Write(text);
        output.Flush();
    }
}
