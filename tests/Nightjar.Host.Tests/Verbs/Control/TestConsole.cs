using System.Text;
using Nightjar.Host.Verbs;
using Nightjar.Host.Verbs.Control;
using Nightjar.Host.Verbs.Control.Shell;

namespace Nightjar.Host.Tests.Verbs.Control;

/// <summary>A console with answers prepared: to prompts, and as lines of the shell.</summary>
internal sealed class TestConsole : IDisposable
{
    private readonly MemoryStream _stream = new();
    private readonly StreamWriter _text;
    private readonly StringWriter _errors = new() { NewLine = "\n" };
    private readonly Queue<string> _answers;

    internal TestConsole(params string[] answers)
    {
        _answers = new Queue<string>(answers);
        _text = new StreamWriter(_stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true, NewLine = "\n" };
        Console = new ControlConsole(_stream, _text, _errors, Ask, () => new PlainLines(new QueueReader(_answers), _text, prompt => Ask(prompt, _text), echoes: true));
    }

    internal ControlConsole Console { get; }

    internal string Output => Encoding.UTF8.GetString(_stream.ToArray()).ReplaceLineEndings("\n");

    internal string Errors => _errors.ToString().ReplaceLineEndings("\n");

    public void Dispose()
    {
        _text.Dispose();
        _errors.Dispose();
    }

    internal Task<int> RunAsync(params string[] arguments) => CtrlVerb.RunAsync(arguments, Console, TimeProvider.System, CancellationToken.None);

    private string? Ask(string prompt, TextWriter to)
    {
        to.WriteLine(prompt);
        return _answers.Count == 0 ? null : _answers.Dequeue();
    }

    private sealed class QueueReader(Queue<string> lines) : TextReader
    {
        public override string? ReadLine() => lines.Count == 0 ? null : lines.Dequeue();
    }
}
