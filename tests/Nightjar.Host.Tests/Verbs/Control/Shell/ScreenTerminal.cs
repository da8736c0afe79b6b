using System.Globalization;
using System.Text;
using Nightjar.Host.Verbs.Control.Shell;

namespace Nightjar.Host.Tests.Verbs.Control.Shell;

/// <summary>
/// A terminal in memory: does what the line editor's escape sequences mean, on a screen that scrolls, and types the keys it was given. The cursor waits
/// at the end of a full row until the next character comes, as those of real terminals do.
/// </summary>
internal sealed class ScreenTerminal(int width, int height = 8) : ITerminal
{
    // A cell of two columns has an empty one behind it.
    private readonly string[,] _cells = new string[height, width];
    private readonly Queue<ConsoleKeyInfo> _keys = new();
    private bool _isWrapPending;

    public int Width => width;

    internal int Row { get; private set; }

    internal int Column { get; private set; }

    /// <summary>The rows down to the last with text, without the blanks at their ends.</summary>
    internal string[] Rows
    {
        get
        {
            string[] rows = [.. Enumerable.Range(0, height).Select(row => string.Concat(Enumerable.Range(0, width).Select(column => _cells[row, column] ?? " ")).TrimEnd())];
            return rows[..(System.Array.FindLastIndex(rows, row => row.Length > 0) + 1)];
        }
    }

    public ConsoleKeyInfo? ReadKey() => _keys.TryDequeue(out ConsoleKeyInfo key) ? key : null;

    /// <summary>Has text typed.</summary>
    internal ScreenTerminal Type(string text)
    {
        foreach (char c in text)
        {
            ConsoleKey key = c switch { '\r' => ConsoleKey.Enter, '\t' => ConsoleKey.Tab, _ => ConsoleKey.None };
            _keys.Enqueue(new ConsoleKeyInfo(c, key, shift: false, alt: false, control: c < ' ' && key == ConsoleKey.None));
        }

        return this;
    }

    /// <summary>Has keys pressed that are no characters.</summary>
    internal ScreenTerminal Press(ConsoleKey key, int times = 1, ConsoleModifiers modifiers = 0, char c = '\0')
    {
        for (; times > 0; times--)
            _keys.Enqueue(new ConsoleKeyInfo(c, key, shift: false, alt: modifiers.HasFlag(ConsoleModifiers.Alt), control: modifiers.HasFlag(ConsoleModifiers.Control)));
        return this;
    }

    public void Write(string text)
    {
        for (int i = 0; i < text.Length;)
        {
            if (text[i] == '\e')
            {
                int end = i + 2;
                while (!char.IsLetter(text[end])) end++;
                Escape(text[end], text[(i + 2)..end]);
                i = end + 1;
                continue;
            }

            Rune rune = Rune.GetRuneAt(text, i);
            i += rune.Utf16SequenceLength;
            Put(rune);
        }
    }

    private void Put(Rune rune)
    {
        switch (rune.Value)
        {
            case '\r':
                Column = 0;
                _isWrapPending = false;
                return;
            case '\n':
                NextRow();
                return;
        }

        int cells = TextWidth.Of(rune);
        if (cells == 0)
        {
            _cells[Row, Math.Max(0, Column - 1)] += rune.ToString();
            return;
        }

        if (_isWrapPending || Column + cells > width)
        {
            Column = 0;
            NextRow();
        }

        _cells[Row, Column] = rune.ToString();
        if (cells == 2) _cells[Row, Column + 1] = "";
        _isWrapPending = Column + cells == width;
        Column = Math.Min(Column + cells, width - 1);
    }

    private void NextRow()
    {
        _isWrapPending = false;
        if (++Row < height) return;
        Row = height - 1;
        for (int row = 0; row < height; row++)
            for (int column = 0; column < width; column++) _cells[row, column] = row + 1 < height ? _cells[row + 1, column] : " ";
    }

    private void Escape(char command, string argument)
    {
        int count = argument.Length == 0 ? 1 : int.Parse(argument, CultureInfo.InvariantCulture);
        _isWrapPending = false;
        switch (command)
        {
            case 'A': Row = Math.Max(0, Row - count); break;
            case 'C': Column = Math.Min(width - 1, Column + count); break;
            case 'H': (Row, Column) = (0, 0); break;
            case 'J': Clear(argument == "2" ? (0, 0) : (Row, Column)); break;
            default: throw new NotSupportedException($"ESC [ {argument}{command}");
        }
    }

    private void Clear((int Row, int Column) from)
    {
        for (int row = from.Row; row < height; row++)
            for (int column = row == from.Row ? from.Column : 0; column < width; column++) _cells[row, column] = " ";
    }
}
