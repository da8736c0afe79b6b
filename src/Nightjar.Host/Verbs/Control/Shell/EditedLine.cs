namespace Nightjar.Host.Verbs.Control.Shell;

/// <summary>A line and the place in it where the next character goes.</summary>
internal sealed class EditedLine
{
    /// <summary>The whole line.</summary>
    internal string Text { get; private set; } = "";

    /// <summary>Index into it, from 0 to its length; never inside of a surrogate pair.</summary>
    internal int Cursor { get; private set; }

    /// <summary>The line up to the cursor.</summary>
    internal string BeforeCursor => Text[..Cursor];

    /// <summary>Puts another line in its place, the cursor at the end.</summary>
    internal void Set(string text)
    {
        Text = text;
        Cursor = text.Length;
    }

    /// <summary>Inserts at the cursor.</summary>
    internal void Insert(string text)
    {
        Text = Text.Insert(Cursor, text);
        Cursor += text.Length;
    }

    /// <summary>Puts a text in the place of what stands between a point and the cursor.</summary>
    internal void Replace(int start, string text)
    {
        Text = Text.Remove(start, Cursor - start).Insert(start, text);
        Cursor = start + text.Length;
    }

    internal void MoveTo(int cursor) => Cursor = cursor;

    internal void DeleteBefore() => Delete(Left(), Cursor);

    internal void DeleteAfter() => Delete(Cursor, Right());

    internal void DeleteWordBefore() => Delete(WordLeft(), Cursor);

    internal void DeleteWordAfter() => Delete(Cursor, WordRight());

    internal void DeleteToStart() => Delete(0, Cursor);

    internal void DeleteToEnd() => Delete(Cursor, Text.Length);

    /// <summary>The place before the character before the cursor.</summary>
    internal int Left() => Cursor == 0 ? 0 : Cursor - (Cursor > 1 && char.IsSurrogatePair(Text[Cursor - 2], Text[Cursor - 1]) ? 2 : 1);

    /// <summary>The place behind the character at the cursor.</summary>
    internal int Right() => Cursor == Text.Length ? Cursor : Cursor + (Cursor + 1 < Text.Length && char.IsSurrogatePair(Text[Cursor], Text[Cursor + 1]) ? 2 : 1);

    /// <summary>The start of the word before the cursor.</summary>
    internal int WordLeft()
    {
        int place = Cursor;
        while (place > 0 && Text[place - 1] == ' ') place--;
        while (place > 0 && Text[place - 1] != ' ') place--;
        return place;
    }

    /// <summary>The end of the word behind the cursor.</summary>
    internal int WordRight()
    {
        int place = Cursor;
        while (place < Text.Length && Text[place] == ' ') place++;
        while (place < Text.Length && Text[place] != ' ') place++;
        return place;
    }

    private void Delete(int from, int to)
    {
        Text = Text.Remove(from, to - from);
        Cursor = from;
    }
}
