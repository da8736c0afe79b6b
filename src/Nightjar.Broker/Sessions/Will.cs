using Nightjar.Broker.Messages;

namespace Nightjar.Broker.Sessions;

/// <summary>The Will Message of a session, kept from CONNECT until it is published or cancelled [MQTT-3.1.2-7].</summary>
/// <param name="Message">The message; the will holds one reference. Its expiry begins when it is published.</param>
/// <param name="DelayInterval">Will Delay Interval in seconds.</param>
/// <param name="ExpiryInterval">Message Expiry Interval in seconds; null for none.</param>
internal sealed record Will(PublishedMessage Message, uint DelayInterval, uint? ExpiryInterval);
