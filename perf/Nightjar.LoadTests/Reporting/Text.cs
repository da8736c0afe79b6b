using System.Globalization;

namespace Nightjar.LoadTests.Reporting;

/// <summary>Figures as people read them; the same everywhere, whatever the machine's language.</summary>
internal static class Text
{
    private static readonly NumberFormatInfo s_numbers = new() { NumberGroupSeparator = " ", NumberDecimalSeparator = "." };

    /// <summary>A length of time in the unit that suits it: 870 ns, 12.3 µs, 4.56 ms, 7.89 s.</summary>
    internal static string OfNanoseconds(double nanoseconds) => nanoseconds switch
    {
        < 1e3 => Format(nanoseconds, "0", "ns"),
        < 1e6 => Format(nanoseconds / 1e3, "0.#", "µs"),
        < 1e9 => Format(nanoseconds / 1e6, "0.##", "ms"),
        _ => Format(nanoseconds / 1e9, "0.##", "s"),
    };

    /// <summary>A number, with its thousands apart and decimals only when it is small.</summary>
    internal static string OfNumber(double number) => number.ToString(Math.Abs(number) < 100 && number != Math.Floor(number) ? "0.##" : "#,0", s_numbers);

    /// <summary>A rate per second.</summary>
    internal static string OfRate(double perSecond) => OfNumber(perSecond) + "/s";

    /// <summary>A part of 100.</summary>
    internal static string OfPercent(double percent) => percent.ToString("0.###", CultureInfo.InvariantCulture);

    private static string Format(double value, string format, string unit) => value.ToString(format, s_numbers) + " " + unit;
}
