using System.Text;
using Nightjar.Host.Verbs.Control;
using Nightjar.Protocol;
using Xunit;

namespace Nightjar.Host.Tests.Verbs.Control;

public sealed class ControlReplyTests
{
    [Theory]
    [InlineData("""{"responses":[{"command":"getClient","correlationData":"mine"}]}""", true)]
    [InlineData("""{"responses":[{"command":"getClient","correlationData":"yours"}]}""", false)]
    [InlineData("""{"responses":[{"command":"getClient"}]}""", false)]
    [InlineData("""{"responses":[{"command":"getClient","correlationData":7}]}""", false)]
    [InlineData("""{"responses":[{"command":"Unknown command","error":"Payload not valid JSON"}]}""", true)]
    [InlineData("""{"error": "endpoint not available"}""", true)]
    public void Response_ToSomebodyElsesRequest_IsNotTaken(string payload, bool isOurs) =>
        Assert.Equal(isOurs, ControlReply.TryRead(Encoding.UTF8.GetBytes(payload), "mine", out _));

    [Theory]
    [InlineData("", "Payload not JSON.")]
    [InlineData("{", "Payload not JSON.")]
    [InlineData("\0", "Payload not JSON.")]
    [InlineData("[]", "Payload missing data.")]
    [InlineData("7", "Payload missing data.")]
    [InlineData("{}", "Payload missing data.")]
    [InlineData("""{"responses":7}""", "Payload missing data.")]
    [InlineData("""{"responses":[]}""", "Payload missing data.")]
    [InlineData("""{"responses":[7]}""", "Payload missing data.")]
    [InlineData("""{"responses":[{}]}""", "Payload missing data.")]
    [InlineData("""{"responses":[{"command":7}]}""", "Payload missing data.")]
    public void Payload_ThatIsNoResponse_IsInvalid(string payload, string problem)
    {
        Assert.True(ControlReply.TryRead(Encoding.UTF8.GetBytes(payload), "mine", out ControlReply reply));
        Assert.Equal(new ControlReply(ControlOutcome.Invalid, Problem: problem), reply);
        Assert.Equal($"Error: {problem}", reply.Describe(ProtocolVersion.Mqtt50));
    }

    [Fact]
    public void Payload_ThatIsNestedWithoutEnd_IsInvalid()
    {
        byte[] payload = Encoding.UTF8.GetBytes("""{"responses":""" + new string('[', 100_000));

        Assert.True(ControlReply.TryRead(payload, "mine", out ControlReply reply));

        Assert.Equal(ControlOutcome.Invalid, reply.Outcome);
    }

    [Fact]
    public void Error_OfACommand_IsInTheResponse()
    {
        Assert.True(ControlReply.TryRead("""{"responses":[{"command":"getClient","error":"Client not found","correlationData":"mine"}]}"""u8.ToArray(), "mine", out ControlReply reply));
        Assert.Equal((ControlOutcome.Answered, "getClient", "Client not found"), (reply.Outcome, reply.Response!.Command, reply.Response.Error));
    }
}
