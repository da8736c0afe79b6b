namespace Nightjar.Host.Verbs.Control.Shell;

/// <summary>The lines that were typed, for as long as the shell runs: never on disk, for passwords may be among them.</summary>
internal sealed class LineHistory
{
    private const int MaximumLines = 500;

    private readonly List<string> _lines = [];
    private int _position;
    private string _draft = "";

    /// <summary>Remembers a line, unless it is empty or the last one again.</summary>
    internal void Add(string line)
    {
        if (line.Trim().Length > 0 && (_lines.Count == 0 || _lines[^1] != line)) _lines.Add(line);
        if (_lines.Count > MaximumLines) _lines.RemoveAt(0);
        Rewind();
    }

    /// <summary>Goes behind the last line.</summary>
    internal void Rewind()
    {
        _position = _lines.Count;
        _draft = "";
    }

    /// <summary>The line before; what was typed so far is kept.</summary>
    /// <returns>Null at the first.</returns>
    internal string? Previous(string current)
    {
        if (_position == 0) return null;
        if (_position == _lines.Count) _draft = current;
        return _lines[--_position];
    }

    /// <summary>The line after, at last what was typed.</summary>
    /// <returns>Null behind the last.</returns>
    internal string? Next()
    {
        if (_position == _lines.Count) return null;
        return ++_position == _lines.Count ? _draft : _lines[_position];
    }
}
