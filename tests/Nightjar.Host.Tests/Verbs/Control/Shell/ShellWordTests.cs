using Nightjar.Host.Verbs.Control.Shell;
using Xunit;

namespace Nightjar.Host.Tests.Verbs.Control.Shell;

public sealed class ShellWordTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("  \t ", "")]
    [InlineData("a", "a@0")]
    [InlineData("  a  bc\td ", "a@2|bc@5|d@8")]
    [InlineData("a \"b c\" d", "a@0|b c@2|d@8")]
    [InlineData("\"\"", "@0")]
    [InlineData("\"open end", "\"open@0|end@6")]
    [InlineData("\"mid\"dle x", "\"mid\"dle@0|x@9")]
    [InlineData("in\"ner x\"", "in\"ner@0|x\"@7")]
    [InlineData("\"", "\"@0")]
    public void Line_IsSplitAtItsBlanks(string line, string expected) =>
        Assert.Equal(expected, string.Join('|', ShellWord.Split(line).Select(word => $"{word.Text}@{word.Start}")));

    [Theory]
    [InlineData("a")]
    [InlineData("a b")]
    [InlineData("")]
    public void Word_Quoted_IsReadAsOne(string word) => Assert.Equal([new ShellWord(word, 0)], ShellWord.Split(ShellWord.Quote(word)));
}
