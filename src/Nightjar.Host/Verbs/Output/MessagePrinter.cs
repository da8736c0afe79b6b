using System.Buffers;
using System.Text;
using Nightjar.Client;
using Nightjar.Host.Verbs.Options;

namespace Nightjar.Host.Verbs.Output;

/// <summary>Prints received messages as -F, -v, -N, --pretty and --watch say. Used by one thread at a time.</summary>
internal sealed class MessagePrinter(ToolOptions options, Stream output, TextWriter errors, TimeProvider timeProvider)
{
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Dictionary<string, int> _lines = [];
    private readonly MessageFormat? _format = options.Format is null ? null : new MessageFormat(options.Format, options.Pretty);

    internal void Print(MqttMessage message)
    {
        _buffer.ResetWrittenCount();
        if (options.Watch) MoveToLineOf(message.Topic);
        if (_format is not null)
        {
            if (!_format.Write(_buffer, message, timeProvider.GetLocalNow()))
                ToolErrors.Write(errors, $"Error: Message payload is not valid JSON on topic {message.Topic}.\n", options.Quiet);
            EndLine();
        }
        else if (options.Verbose)
        {
            _buffer.Write(message.TopicName.Span);
            _buffer.Write(message.Payload.IsEmpty ? " (null)"u8 : " "u8);
            _buffer.Write(message.Payload.Span);
            EndLine();
        }
        else
        {
            _buffer.Write(message.Payload.Span);
            EndLine();
        }

        output.Write(_buffer.WrittenSpan);
        output.Flush();
    }

    private void EndLine()
    {
        if (options.Watch) _buffer.Write("\e[K"u8);
        if (!options.NoEndOfLine) _buffer.Write("\n"u8);
    }

    /// <summary>Every topic keeps a line of the screen.</summary>
    private void MoveToLineOf(string topic)
    {
        if (_lines.Count == 0) _buffer.Write("\e[2J"u8);
        if (!_lines.TryGetValue(topic, out int line)) _lines[topic] = line = _lines.Count + 1;
        _buffer.Write(Encoding.ASCII.GetBytes($"\e[{line};1H"));
    }
}
