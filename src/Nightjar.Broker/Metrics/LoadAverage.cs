namespace Nightjar.Broker.Metrics;

/// <summary>Mosquitto's load average of one counter: the rate per minute, smoothed exponentially over 1, 5 and 15 minutes.</summary>
internal sealed class LoadAverage
{
    private static readonly double[] Minutes = [1, 5, 15];
    private readonly double[] _values = new double[3];
    private long _last;

    /// <summary>Averages over 1, 5 and 15 minutes, per minute.</summary>
    internal ReadOnlySpan<double> Values => _values;

    /// <summary>Takes the counter's value after some time: <c>v = rate + e^(-dt/minutes) (v - rate)</c>.</summary>
    internal void Update(long counter, double seconds)
    {
        var rate = (counter - _last) * 60.0 / seconds;
        _last = counter;
        for (var i = 0; i < Minutes.Length; i++) _values[i] = rate + (Math.Exp(-seconds / (Minutes[i] * 60)) * (_values[i] - rate));
    }
}
