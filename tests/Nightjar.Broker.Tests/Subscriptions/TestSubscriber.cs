using Nightjar.Broker.Subscriptions;

namespace Nightjar.Broker.Tests.Subscriptions;

/// <summary>A subscriber that is nothing but an identity.</summary>
internal sealed class TestSubscriber(int number = 0) : Subscriber
{
    public int Number { get; } = number;

    public override string ToString() => $"subscriber {Number}";
}
