using Nightjar.Broker.Security;
using Nightjar.Broker.Security.AccessLists;
using Xunit;

namespace Nightjar.Broker.Tests.Security;

public sealed class DomainAuthorizerTests
{
    [Theory]
    [InlineData("", "common", true)]
    [InlineData("", "own", false)]
    [InlineData("1884", "own", true)]
    [InlineData("1884", "common", false)]
    [InlineData("open", "anything", true)]
    [InlineData("gone", "common", false)]
    [InlineData("gone", "anything", false)]
    public void Domain_OfAClient_DecidesWhichRulesHold(string domain, string topic, bool allowed)
    {
        var authorizer = new DomainAuthorizer(new Dictionary<string, IAuthorizer?>
        {
            [""] = AccessList.Parse(["topic common"], "f").Compile(),
            ["1884"] = AccessList.Parse(["topic own"], "f").Compile(),
            ["open"] = null,
        });
        Assert.Equal(allowed, authorizer.May(new Identity("c", null, null, domain), AccessAction.Write, System.Text.Encoding.UTF8.GetBytes(topic)));
    }
}
