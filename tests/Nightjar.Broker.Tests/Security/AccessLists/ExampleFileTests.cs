using System.Net;
using System.Text;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.AccessLists;
using Nightjar.Testing;
using Xunit;

namespace Nightjar.Broker.Tests.Security.AccessLists;

public sealed class ExampleFileTests
{
    [Theory]
    [InlineData(null, "read public/x", true)]
    [InlineData(null, "write public/x", false)]
    [InlineData(null, "write clients/c1/x", true)]
    [InlineData("roger", "write home/door", true)]
    [InlineData("roger", "read home/safe/code", false)]
    [InlineData("roger", "read public/x", false)]
    [InlineData("wallboard", "read home/living room/humidity", true)]
    [InlineData("wallboard", "write home/bath/temperature", false)]
    [InlineData("janitor", "write home/bath/switch", true)]
    [InlineData("janitor", "write home/bath/temperature", false)]
    [InlineData("anybody", "write users/anybody/data", true)]
    [InlineData("anybody", "write users/somebody/data", false)]
    public void Example_AsItIsShipped_LoadsAndMeansWhatItSays(string? user, string request, bool granted)
    {
        var program = AccessList.Load(Path.Combine(RepositoryTree.Root, "config", "aclfile.example")).Compile();
        var action = request.StartsWith("read", StringComparison.Ordinal) ? AccessAction.Read : AccessAction.Write;
        var topic = Encoding.UTF8.GetBytes(request[(request.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
        Assert.Equal(granted, program.May(new Identity("c1", user, new IPEndPoint(IPAddress.Parse("192.168.1.9"), 1)), action, topic));
    }
}
