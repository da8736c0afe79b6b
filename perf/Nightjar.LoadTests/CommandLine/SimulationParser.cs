using Nightjar.LoadTests.Simulations;

namespace Nightjar.LoadTests.CommandLine;

/// <summary>Reads a load simulation: <c>KIND:VALUE[@DURATION]</c>.</summary>
internal static class SimulationParser
{
    /// <summary>Reads <c>rate:N</c>, <c>ramp:N-M</c>, <c>burst:N/TIME</c> or <c>closed:N</c>.</summary>
    /// <param name="text">Such as <c>ramp:0-20k@30s</c>.</param>
    /// <param name="simulation">The simulation; zero long when the text names no duration.</param>
    internal static bool TryParse(string text, out LoadSimulation? simulation)
    {
        simulation = null;
        TimeSpan during = TimeSpan.Zero;
        int at = text.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0 && (!Quantity.TryParseDuration(text[(at + 1)..], out during) || during <= TimeSpan.Zero)) return false;
        string[] parts = (at >= 0 ? text[..at] : text).Split(':');
        if (parts.Length != 2) return false;
        simulation = parts[0] switch
        {
            "rate" => ParseRate(parts[1], during),
            "ramp" => ParseRamp(parts[1], during),
            "burst" => ParseBurst(parts[1], during),
            "closed" => ParseClosed(parts[1], during),
            _ => null,
        };
        return simulation is not null;
    }

    private static ConstantRate? ParseRate(string value, TimeSpan during) =>
        Quantity.TryParseNumber(value, out double rate) && rate > 0 ? new ConstantRate(rate, during) : null;

    private static Ramp? ParseRamp(string value, TimeSpan during)
    {
        string[] ends = value.Split('-');
        return ends.Length == 2 && Quantity.TryParseNumber(ends[0], out double from) && Quantity.TryParseNumber(ends[1], out double to)
            ? new Ramp(from, to, during)
            : null;
    }

    private static Burst? ParseBurst(string value, TimeSpan during)
    {
        string[] parts = value.Split('/');
        return parts.Length == 2 && TryParseCount(parts[0], out int size) && Quantity.TryParseDuration(parts[1], out TimeSpan every) && every > TimeSpan.Zero
            ? new Burst(size, every, during)
            : null;
    }

    private static ClosedLoop? ParseClosed(string value, TimeSpan during) =>
        TryParseCount(value, out int window) ? new ClosedLoop(window, during) : null;

    private static bool TryParseCount(string text, out int count)
    {
        bool valid = Quantity.TryParseNumber(text, out double value) && value is >= 1 and <= 10_000_000;
        count = valid ? (int)value : 0;
        return valid;
    }
}
