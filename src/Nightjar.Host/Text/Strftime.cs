using System.Globalization;
using System.Text;

namespace Nightjar.Host.Text;

/// <summary>The conversions of strftime(3) in the C locale, in local time.</summary>
internal static class Strftime
{
    /// <summary>A whole format: % and a conversion, %% for a percent sign, everything else as it is.</summary>
    internal static string Format(string format, DateTimeOffset time)
    {
        var text = new StringBuilder(format.Length * 2);
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length) text.Append(format[i]);
            else if (format[++i] == '%') text.Append('%');
            else text.Append(Format(format[i], time));
        }

        return text.ToString();
    }

    /// <summary>One conversion; an unknown one stays as it is.</summary>
    internal static string Format(char conversion, DateTimeOffset time)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        int hour12 = time.Hour % 12 == 0 ? 12 : time.Hour % 12;
        return conversion switch
        {
            'a' => time.ToString("ddd", culture),
            'A' => time.ToString("dddd", culture),
            'b' or 'h' => time.ToString("MMM", culture),
            'B' => time.ToString("MMMM", culture),
            'c' => time.ToString("ddd MMM ", culture) + Pad(time.Day, 2, ' ') + time.ToString(" HH:mm:ss yyyy", culture),
            'C' => Pad(time.Year / 100, 2),
            'd' => Pad(time.Day, 2),
            'D' or 'x' => time.ToString("MM'/'dd'/'yy", culture),
            'e' => Pad(time.Day, 2, ' '),
            'F' => time.ToString("yyyy-MM-dd", culture),
            'g' => Pad(ISOWeek.GetYear(time.DateTime) % 100, 2),
            'G' => Pad(ISOWeek.GetYear(time.DateTime), 4),
            'H' => Pad(time.Hour, 2),
            'I' => Pad(hour12, 2),
            'j' => Pad(time.DayOfYear, 3),
            'k' => Pad(time.Hour, 2, ' '),
            'l' => Pad(hour12, 2, ' '),
            'm' => Pad(time.Month, 2),
            'M' => Pad(time.Minute, 2),
            'n' => "\n",
            'N' => Pad((int)(time.Ticks % TimeSpan.TicksPerSecond) * 100, 9),
            'p' => time.Hour < 12 ? "AM" : "PM",
            'P' => time.Hour < 12 ? "am" : "pm",
            'r' => Pad(hour12, 2) + time.ToString(":mm:ss ", culture) + (time.Hour < 12 ? "AM" : "PM"),
            'R' => time.ToString("HH:mm", culture),
            's' => time.ToUnixTimeSeconds().ToString(culture),
            'S' => Pad(time.Second, 2),
            't' => "\t",
            'T' or 'X' => time.ToString("HH:mm:ss", culture),
            'u' => (time.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)time.DayOfWeek).ToString(culture),
            'U' => Pad((time.DayOfYear + 6 - (int)time.DayOfWeek) / 7, 2),
            'V' => Pad(ISOWeek.GetWeekOfYear(time.DateTime), 2),
            'w' => ((int)time.DayOfWeek).ToString(culture),
            'W' => Pad((time.DayOfYear + 6 - (((int)time.DayOfWeek + 6) % 7)) / 7, 2),
            'y' => Pad(time.Year % 100, 2),
            'Y' => time.Year.ToString(culture),
            'z' => Zone(time),
            'Z' => TimeZoneInfo.Local.Id,
            _ => "%" + conversion,
        };
    }

    /// <summary>Offset from UTC as +hhmm.</summary>
    internal static string Zone(DateTimeOffset time) =>
        (time.Offset < TimeSpan.Zero ? "-" : "+") + time.Offset.ToString("hhmm", CultureInfo.InvariantCulture);

    private static string Pad(int value, int width, char pad = '0') => value.ToString(CultureInfo.InvariantCulture).PadLeft(width, pad);
}
