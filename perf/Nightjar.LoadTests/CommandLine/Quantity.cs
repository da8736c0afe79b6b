using System.Globalization;

namespace Nightjar.LoadTests.CommandLine;

/// <summary>Numbers as people write them.</summary>
internal static class Quantity
{
    /// <summary>Reads a number that is not negative, with an optional k or M (thousand, million) and an optional "/s".</summary>
    internal static bool TryParseNumber(string text, out double value)
    {
        if (text.EndsWith("/s", StringComparison.Ordinal)) text = text[..^2];
        double factor = 1;
        if (text.EndsWith('k')) factor = 1e3;
        else if (text.EndsWith('M')) factor = 1e6;
        if (factor != 1) text = text[..^1];
        bool valid = double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value);
        value *= factor;
        return valid && double.IsFinite(value);
    }

    /// <summary>Reads a length of time with its unit: ns, us (or µs), ms, s, m. A bare number is seconds.</summary>
    internal static bool TryParseDuration(string text, out TimeSpan value)
    {
        bool valid = TryParseNanoseconds(text, 1e9, out double nanoseconds) && nanoseconds <= TimeSpan.MaxValue.TotalNanoseconds / 2;
        value = valid ? TimeSpan.FromTicks((long)(nanoseconds / TimeSpan.NanosecondsPerTick)) : TimeSpan.Zero;
        return valid;
    }

    /// <summary>Reads a length of time in nanoseconds.</summary>
    /// <param name="text">A number and a unit.</param>
    /// <param name="bareUnit">Nanoseconds of the unit that a bare number has.</param>
    /// <param name="nanoseconds">The value.</param>
    internal static bool TryParseNanoseconds(string text, double bareUnit, out double nanoseconds)
    {
        (string suffix, double factor) = UnitOf(text, bareUnit);
        bool valid = double.TryParse(text[..^suffix.Length].TrimEnd(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out nanoseconds);
        nanoseconds *= factor;
        return valid && double.IsFinite(nanoseconds);
    }

    private static (string Suffix, double Factor) UnitOf(string text, double bareUnit)
    {
        foreach ((string Suffix, double Factor) unit in ((string, double)[])[("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9)])
        {
            if (text.EndsWith(unit.Suffix, StringComparison.Ordinal)) return unit;
        }

        return ("", bareUnit);
    }
}
