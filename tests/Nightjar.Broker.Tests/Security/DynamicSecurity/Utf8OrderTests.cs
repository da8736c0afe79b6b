using System.Text;
using Nightjar.Broker.Security.DynamicSecurity;
using Xunit;

namespace Nightjar.Broker.Tests.Security.DynamicSecurity;

public sealed class Utf8OrderTests
{
    [Fact]
    public void Compare_OfAnyTwoStrings_IsTheOrderOfTheirBytes()
    {
        string[] parts = ["", "a", "b", "\u007f", "\u0080", "é", "\ud7ff", "\ue000", "\uffff", "\ud800\udc00", "\ud83d\ude00", "\udbff\udfff"];
        var texts = (from x in parts from y in parts from z in parts select x + y + z).Distinct().ToArray();
        foreach (var left in texts)
        {
            foreach (var right in texts)
            {
                var expected = Encoding.UTF8.GetBytes(left).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(right));
                Assert.Equal(Math.Sign(expected), Math.Sign(Utf8Order.Instance.Compare(left, right)));
            }
        }
    }
}
