using System.Globalization;
using System.Text;

namespace Nightjar.Host.Verbs.Control.Shell;

/// <summary>How many cells of a terminal text takes.</summary>
internal static class TextWidth
{
    // First and last code points that are two cells wide: East Asian Wide and Fullwidth, and pictures.
    private static readonly (int First, int Last)[] s_wide =
    [
        (0x1100, 0x115F), (0x2E80, 0x303E), (0x3041, 0x33FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA000, 0xA4CF), (0xA960, 0xA97F), (0xAC00, 0xD7A3),
        (0xF900, 0xFAFF), (0xFE30, 0xFE6F), (0xFF00, 0xFF60), (0xFFE0, 0xFFE6), (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1F9FF), (0x20000, 0x3FFFD),
    ];

    /// <summary>Cells of one character: 0, 1 or 2.</summary>
    internal static int Of(Rune rune)
    {
        if (rune.Value < 0x300) return 1;
        if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format) return 0;
        foreach ((int first, int last) in s_wide)
            if (rune.Value >= first && rune.Value <= last) return 2;
        return 1;
    }

    /// <summary>Cells of a text in one row.</summary>
    internal static int Of(string text)
    {
        int cells = 0;
        foreach (Rune rune in text.EnumerateRunes()) cells += Of(rune);
        return cells;
    }

    /// <summary>Where the cursor stands behind a text that began at the left edge.</summary>
    /// <param name="text">What was written.</param>
    /// <param name="width">Cells in a row.</param>
    internal static (int Row, int Column) End(string text, int width)
    {
        int row = 0;
        int column = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            int cells = Of(rune);
            // What does not fit into the row goes to the next as a whole.
            if (column + cells > width)
            {
                row++;
                column = 0;
            }

            column += cells;
        }

        return column == width ? (row + 1, 0) : (row, column);
    }
}
