using System.Globalization;
using System.Text;

namespace Nightjar.Host.Verbs.Control.Shell;

/// <summary>
/// Edits a line at a terminal with the keys that shells have: arrows, Home and End, Ctrl-A, E, B, F, K, U, W, L, D, history, completion with Tab.
/// After each key the line is drawn anew from its first row on, which stays right when it is longer than a row.
/// </summary>
/// <param name="terminal">The terminal.</param>
internal sealed class LineEditor(ITerminal terminal) : ILineSource
{
    private const int MaximumShown = 200;

    private readonly LineHistory _history = new();
    private readonly StringBuilder _output = new();
    private EditedLine _line = new();
    private string _prompt = "";
    private int _row;
    private char _pendingSurrogate;

    public string? ReadLine(string prompt, ICompleter? completer)
    {
        _line = new EditedLine();
        _prompt = prompt;
        _row = 0;
        _history.Rewind();
        Draw();
        while (true)
        {
            if (terminal.ReadKey() is not { } key) return null;
            switch (Meaning(key))
            {
                case EditAction.Accept:
                    FinishLine("");
                    // What is asked for without completion is an answer, not a command.
                    if (completer is not null) _history.Add(_line.Text);
                    return _line.Text;
                case EditAction.Abandon:
                    FinishLine("^C");
                    return "";
                case EditAction.End when _line.Text.Length == 0:
                    FinishLine("");
                    return null;
                case EditAction.Complete:
                    if (completer is not null) Complete(completer);
                    break;
                case var action:
                    Apply(action, key.KeyChar);
                    break;
            }

            Draw();
        }
    }

    public string? ReadSecret(string prompt)
    {
        terminal.Write(prompt);
        var secret = new EditedLine();
        while (true)
        {
            if (terminal.ReadKey() is not { } key) return null;
            switch (Meaning(key))
            {
                case EditAction.Accept:
                    terminal.Write("\r\n");
                    return secret.Text;
                case EditAction.Abandon:
                case EditAction.End when secret.Text.Length == 0:
                    terminal.Write("\r\n");
                    return null;
                case EditAction.DeleteBefore:
                    secret.DeleteBefore();
                    break;
                case EditAction.DeleteToStart:
                    secret.Set("");
                    break;
                case EditAction.Insert:
                    secret.Insert(key.KeyChar.ToString());
                    break;
            }
        }
    }

    private static EditAction Meaning(ConsoleKeyInfo key)
    {
        bool isControl = (key.Modifiers & ConsoleModifiers.Control) != 0;
        bool isAlt = (key.Modifiers & ConsoleModifiers.Alt) != 0;
        switch (key.Key)
        {
            case ConsoleKey.Enter: return EditAction.Accept;
            case ConsoleKey.Tab: return EditAction.Complete;
            case ConsoleKey.Backspace: return isControl || isAlt ? EditAction.DeleteWordBefore : EditAction.DeleteBefore;
            case ConsoleKey.Delete: return EditAction.DeleteAfter;
            case ConsoleKey.LeftArrow: return isControl || isAlt ? EditAction.WordLeft : EditAction.Left;
            case ConsoleKey.RightArrow: return isControl || isAlt ? EditAction.WordRight : EditAction.Right;
            case ConsoleKey.Home: return EditAction.Home;
            case ConsoleKey.End: return EditAction.LineEnd;
            case ConsoleKey.UpArrow: return EditAction.Previous;
            case ConsoleKey.DownArrow: return EditAction.Next;
        }

        if (isAlt && !isControl)
        {
            return char.ToLowerInvariant(key.KeyChar) switch
            {
                'b' => EditAction.WordLeft,
                'f' => EditAction.WordRight,
                'd' => EditAction.DeleteWordAfter,
                _ => EditAction.None,
            };
        }

        return OfCharacter(key.KeyChar);
    }

    private static EditAction OfCharacter(char c) => c switch
    {
        '\x01' => EditAction.Home,
        '\x02' => EditAction.Left,
        '\x03' => EditAction.Abandon,
        '\x04' => EditAction.End,
        '\x05' => EditAction.LineEnd,
        '\x06' => EditAction.Right,
        '\b' or '\x7f' => EditAction.DeleteBefore,
        '\t' => EditAction.Complete,
        '\n' or '\r' => EditAction.Accept,
        '\v' => EditAction.DeleteToEnd,
        '\f' => EditAction.Clear,
        '\x0e' => EditAction.Next,
        '\x10' => EditAction.Previous,
        '\x15' => EditAction.DeleteToStart,
        '\x17' => EditAction.DeleteWordBefore,
        _ => char.IsControl(c) ? EditAction.None : EditAction.Insert,
    };

    private void Apply(EditAction action, char c)
    {
        switch (action)
        {
            case EditAction.Insert: Insert(c); break;
            case EditAction.Left: _line.MoveTo(_line.Left()); break;
            case EditAction.Right: _line.MoveTo(_line.Right()); break;
            case EditAction.WordLeft: _line.MoveTo(_line.WordLeft()); break;
            case EditAction.WordRight: _line.MoveTo(_line.WordRight()); break;
            case EditAction.Home: _line.MoveTo(0); break;
            case EditAction.LineEnd: _line.MoveTo(_line.Text.Length); break;
            case EditAction.DeleteBefore: _line.DeleteBefore(); break;
            // Ctrl-D in a line that is not empty.
            case EditAction.End or EditAction.DeleteAfter: _line.DeleteAfter(); break;
            case EditAction.DeleteWordBefore: _line.DeleteWordBefore(); break;
            case EditAction.DeleteWordAfter: _line.DeleteWordAfter(); break;
            case EditAction.DeleteToStart: _line.DeleteToStart(); break;
            case EditAction.DeleteToEnd: _line.DeleteToEnd(); break;
            case EditAction.Previous: _line.Set(_history.Previous(_line.Text) ?? _line.Text); break;
            case EditAction.Next: _line.Set(_history.Next() ?? _line.Text); break;
            case EditAction.Clear:
                terminal.Write("\e[H\e[2J");
                _row = 0;
                break;
        }
    }

    // The halves of a character outside of the basic plane come as two keys.
    private void Insert(char c)
    {
        if (char.IsHighSurrogate(c))
        {
            _pendingSurrogate = c;
            return;
        }

        if (!char.IsLowSurrogate(c)) _line.Insert(c.ToString());
        else if (_pendingSurrogate != 0) _line.Insert(new string([_pendingSurrogate, c]));
        _pendingSurrogate = '\0';
    }

    private void Complete(ICompleter completer)
    {
        IReadOnlyList<string> candidates = completer.Complete(_line.BeforeCursor, out int start);
        if (candidates.Count == 0) return;
        if (candidates.Count == 1)
        {
            _line.Replace(start, candidates[0] + " ");
            return;
        }

        string common = CommonStart(candidates);
        if (common.Length > _line.Cursor - start) _line.Replace(start, common);
        else Show(candidates);
    }

    private static string CommonStart(IReadOnlyList<string> candidates)
    {
        string common = candidates[0];
        foreach (string candidate in candidates)
        {
            int length = 0;
            while (length < common.Length && length < candidate.Length && char.ToLowerInvariant(common[length]) == char.ToLowerInvariant(candidate[length])) length++;
            common = common[..length];
        }

        return common.Length > 0 && char.IsHighSurrogate(common[^1]) ? common[..^1] : common;
    }

    private void Show(IReadOnlyList<string> candidates)
    {
        int cell = candidates.Take(MaximumShown).Max(TextWidth.Of) + 2;
        int columns = Math.Max(1, terminal.Width / cell);
        int end = _line.Cursor;
        _line.MoveTo(_line.Text.Length);
        Draw();
        _line.MoveTo(end);
        _output.Append("\r\n");
        for (int i = 0; i < candidates.Count && i < MaximumShown; i++)
        {
            bool isLast = (i + 1) % columns == 0 || i + 1 == candidates.Count || i + 1 == MaximumShown;
            _output.Append(candidates[i]).Append(isLast ? "\r\n" : new string(' ', cell - TextWidth.Of(candidates[i])));
        }

        if (candidates.Count > MaximumShown) _output.Append(CultureInfo.InvariantCulture, $"... and {candidates.Count - MaximumShown} more\r\n");
        _row = 0;
        Flush();
    }

    private void FinishLine(string mark)
    {
        _line.MoveTo(_line.Text.Length);
        Draw();
        terminal.Write(mark + "\r\n");
    }

    private void Draw()
    {
        int width = terminal.Width;
        if (_row > 0) _output.Append(CultureInfo.InvariantCulture, $"\e[{_row}A");
        _output.Append("\r\e[J").Append(_prompt).Append(_line.Text);
        (int endRow, int endColumn) = TextWidth.End(_prompt + _line.Text, width);
        // A terminal goes to the next row only when something is written there.
        if (endRow > 0 && endColumn == 0) _output.Append("\r\n");
        (int row, int column) = TextWidth.End(_prompt + _line.BeforeCursor, width);
        if (endRow > row) _output.Append(CultureInfo.InvariantCulture, $"\e[{endRow - row}A");
        _output.Append('\r');
        if (column > 0) _output.Append(CultureInfo.InvariantCulture, $"\e[{column}C");
        _row = row;
        Flush();
    }

    private void Flush()
    {
        terminal.Write(_output.ToString());
        _output.Clear();
    }
}
