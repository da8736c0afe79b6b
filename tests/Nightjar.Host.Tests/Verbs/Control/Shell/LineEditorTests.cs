using Nightjar.Host.Verbs.Control.Shell;
using Xunit;

namespace Nightjar.Host.Tests.Verbs.Control.Shell;

/// <summary>The line editor on a terminal in memory: what stands on the screen, where the cursor is, what the line says.</summary>
public sealed class LineEditorTests
{
    private static readonly string[] s_words = ["createClient", "createGroup", "createRole", "exit"];

    private readonly ScreenTerminal _terminal = new(width: 20);
    private readonly LineEditor _editor;

    public LineEditorTests() => _editor = new LineEditor(_terminal);

    [Fact]
    public void Characters_StandBehindThePrompt()
    {
        _terminal.Type("hello\r");

        Assert.Equal("hello", Read());
        Assert.Equal(["> hello"], _terminal.Rows);
        Assert.Equal((1, 0), (_terminal.Row, _terminal.Column));
    }

    [Theory]
    [InlineData("ac|\x02|b|\r", "abc")]
    [InlineData("bc|\x01|a|\r", "abc")]
    [InlineData("bc|\x01|\x06|\x06|d|\r", "bcd")]
    [InlineData("ab|\x01|\x05|c|\r", "abc")]
    [InlineData("abx|\x7f|c|\r", "abc")]
    [InlineData("xabc|\x01|\x04|\r", "abc")]
    [InlineData("abc def|\x02|\x02|\x02|\v|\r", "abc ")]
    [InlineData("abc def|\x02|\x02|\x02|\x15|\r", "def")]
    [InlineData("abc def  |\x17|\r", "abc ")]
    [InlineData("x|\x15|\x7f|\x02|\x06|\x17|\v|\r", "")]
    [InlineData("a\U0001F600b|\x02|\x7f|\r", "ab")]
    [InlineData("a\U0001F600b|\x02|\x02|\x04|\r", "ab")]
    [InlineData("a|\u001b|\u001c|b|\r", "ab")]
    public void ControlKeys_EditTheLine(string keys, string expected)
    {
        _terminal.Type(keys.Replace("|", "", StringComparison.Ordinal));
        Assert.Equal(expected, Read());
    }

    [Fact]
    public void NamedKeys_EditTheLine()
    {
        _terminal.Type("one two three").Press(ConsoleKey.LeftArrow, 2).Type("X").Press(ConsoleKey.Home).Type("<").Press(ConsoleKey.End).Type(">")
            .Press(ConsoleKey.LeftArrow, 2, ConsoleModifiers.Control).Press(ConsoleKey.Delete).Press(ConsoleKey.RightArrow, 1, ConsoleModifiers.Control).Press(ConsoleKey.RightArrow).Type("!")
            .Press(ConsoleKey.None, 1, ConsoleModifiers.Alt, 'b').Press(ConsoleKey.None, 1, ConsoleModifiers.Alt, 'b').Press(ConsoleKey.None, 1, ConsoleModifiers.Alt, 'd')
            .Press(ConsoleKey.Backspace).Type("\r");

        Assert.Equal("<one !thrXee>", Read());
    }

    [Fact]
    public void Line_LongerThanARow_IsDrawnInSeveral()
    {
        _terminal.Type("0123456789abcdefghijklmnopqrstuvwxyz").Press(ConsoleKey.LeftArrow, 30).Type("X");

        Assert.Null(Read());

        Assert.Equal(["> 012345X6789abcdefg", "hijklmnopqrstuvwxyz"], _terminal.Rows);
        Assert.Equal((0, 9), (_terminal.Row, _terminal.Column));
    }

    [Fact]
    public void Line_ThatFillsItsRow_PutsTheCursorIntoTheNext()
    {
        _terminal.Type("0123456789abcdefgh");
        Read();
        Assert.Equal((1, 0), (_terminal.Row, _terminal.Column));
        Assert.Equal(["> 0123456789abcdefgh"], _terminal.Rows);

        _terminal.Press(ConsoleKey.Backspace);
        Read();
        Assert.Equal(["> 0123456789abcdefgh", ">"], _terminal.Rows);
    }

    [Fact]
    public void Line_AtTheFootOfTheScreen_ScrollsAndIsDrawnOnce()
    {
        _terminal.Type("1\r2\r3\r4\r5\r6\r7\r");
        for (int i = 0; i < 7; i++) Read();
        _terminal.Type("0123456789abcdefghijklmn").Press(ConsoleKey.Backspace, 2);

        Read();

        Assert.Equal(["> 2", "> 3", "> 4", "> 5", "> 6", "> 7", "> 0123456789abcdefgh", "ijkl"], _terminal.Rows);
    }

    [Fact]
    public void WideCharacters_TakeTwoCells()
    {
        _terminal.Type("日本語日本語日本語日x").Press(ConsoleKey.LeftArrow, 2);

        Read();

        // The tenth does not fit into the last cell of the row.
        Assert.Equal(["> 日本語日本語日本語", "日x"], _terminal.Rows);
        Assert.Equal((1, 0), (_terminal.Row, _terminal.Column));
    }

    [Fact]
    public void History_GoesBackAndForth_AndKeepsWhatWasTyped()
    {
        _terminal.Type("first\rsecond\rsecond\r\r");
        for (int i = 0; i < 4; i++) Read();

        _terminal.Type("draft").Press(ConsoleKey.UpArrow, 2).Type("\r");
        Assert.Equal("first", Read());
        _terminal.Type("draft").Press(ConsoleKey.UpArrow, 9).Press(ConsoleKey.DownArrow, 9).Type("\r");
        Assert.Equal("draft", Read());
    }

    [Fact]
    public void Answer_ToAQuestion_IsNoCommandOfTheHistory()
    {
        _terminal.Type("bob\r");
        Assert.Equal("bob", _editor.ReadLine("username: ", completer: null));
        _terminal.Type("hidden\r");
        Assert.Equal("hidden", _editor.ReadSecret("password:"));

        _terminal.Press(ConsoleKey.UpArrow).Type("\r");
        Assert.Equal("", Read());
        Assert.Equal(["username: bob", "password:", ">"], _terminal.Rows);
    }

    [Fact]
    public void Secret_IsEditedAndGivenUp()
    {
        _terminal.Type("wrong\x15rihg\x7f\x7fght\r");
        Assert.Equal("right", _editor.ReadSecret("password:"));
        _terminal.Type("x\x03");
        Assert.Null(_editor.ReadSecret("password:"));
        _terminal.Type("\x04");
        Assert.Null(_editor.ReadSecret("password:"));
        Assert.Equal(["password:", "password:", "password:"], _terminal.Rows);
    }

    [Fact]
    public void Tab_CompletesWhatIsClear()
    {
        _terminal.Type("EX\tnow\r");
        Assert.Equal("exit now", Read());
    }

    [Fact]
    public void Tab_GoesAsFarAsItIsClear_ThenShowsWhatThereIs()
    {
        _terminal.Type("c\t\tG\t\r");

        Assert.Equal("createGroup ", Read());

        Assert.Equal(["> create", "createClient", "createGroup", "createRole", "> createGroup"], _terminal.Rows);
    }

    [Fact]
    public void Tab_InTheMiddleOfTheLine_CompletesTheWordThere()
    {
        _terminal.Type("e now").Press(ConsoleKey.Home).Press(ConsoleKey.RightArrow).Type("\t\x04\r");
        Assert.Equal("exit now", Read());
    }

    [Fact]
    public void Tab_WithNothingKnown_DoesNothing()
    {
        _terminal.Type("zzz\t!\r");
        Assert.Equal("zzz!", Read());
    }

    [Fact]
    public void ManyCandidates_AreShownInColumnsAndCounted()
    {
        var wide = new ScreenTerminal(width: 40, height: 200);
        var editor = new LineEditor(wide);
        string[] names = [.. Enumerable.Range(1000, 1000).Select(number => $"name{number}")];
        wide.Type("name1\t\r");

        Assert.Equal("name1", editor.ReadLine("> ", new Words(names)));

        Assert.Equal("name1000  name1001  name1002  name1003", wide.Rows[1]);
        Assert.Equal("... and 800 more", wide.Rows[51]);
        Assert.Equal("> name1", wide.Rows[52]);
    }

    [Fact]
    public void ControlC_AbandonsTheLine_ControlDEndsTheInput()
    {
        _terminal.Type("half\x03");
        Assert.Equal("", Read());
        _terminal.Type("\x04");
        Assert.Null(Read());
        Assert.Equal(["> half^C", ">"], _terminal.Rows);
    }

    [Fact]
    public void ControlL_ClearsTheScreenAndKeepsTheLine()
    {
        _terminal.Type("old\rhalf\fdone\r");
        Read();
        Assert.Equal("halfdone", Read());
        Assert.Equal(["> halfdone"], _terminal.Rows);
    }

    private string? Read() => _editor.ReadLine("> ", new Words(s_words));

    private sealed class Words(string[] words) : ICompleter
    {
        public IReadOnlyList<string> Complete(string text, out int start)
        {
            start = text.LastIndexOf(' ') + 1;
            string begun = text[start..];
            return [.. words.Where(word => word.StartsWith(begun, StringComparison.OrdinalIgnoreCase))];
        }
    }
}
