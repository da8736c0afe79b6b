using Nightjar.Broker.Retained;
using Nightjar.Broker.Tests.Collections;
using Nightjar.Broker.Tests.Subscriptions;
using Nightjar.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Nightjar.Broker.Tests.Retained;

[Collection(MeasuredAlone.Name)]
public sealed class RetainedIndexSizeTests(ITestOutputHelper output)
{
    [Fact]
    public void RetainedTopic_OfOneOfMany_TakesAtMostTwoHundredBytesBesideItsValue()
    {
        const int count = 100_000;
        object value = new();
        var bytes = HeapMeasure.Retained(() =>
        {
            RetainedIndex<object> index = new();
            for (var i = 0; i < count; i++) index.Set(NaiveTopics.Utf8($"dev/{i}/temp"), value);
            return index;
        }) / (double)count;
        output.WriteLine($"{bytes:F0} bytes a topic");
        Assert.InRange(bytes, 48, 200);
    }
}
