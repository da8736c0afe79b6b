using Nightjar.Broker.Messages;
using Nightjar.Broker.Retained;
using Nightjar.Broker.Subscriptions;

namespace Nightjar.Broker.Sessions;

/// <summary>The retained messages one new subscription still has to get: a place in the retained index, moved on as the client takes them.</summary>
internal sealed record RetainedDelivery(RetainedCursor<PublishedMessage> Cursor, Subscription Subscription);
