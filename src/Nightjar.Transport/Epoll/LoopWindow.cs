namespace Nightjar.Transport.Epoll;

/// <summary>What a loop tells of a window of its time.</summary>
/// <param name="Busy">The share in which it did not wait for events, 0 to 1.</param>
/// <param name="Delayed">The share in which it could have run and had no processor.</param>
/// <param name="Rate">Bytes received by time.</param>
/// <param name="Idle">How many processors of the machine had nothing to do; a fraction too.</param>
internal readonly record struct LoopWindow(double Busy, double Delayed = 0, double Rate = 0, double Idle = double.PositiveInfinity);
