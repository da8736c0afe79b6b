namespace Nightjar.LoadTests.Reporting;

/// <summary>Round values at which the axes of a plot are marked: 1, 2 or 5 times a power of ten.</summary>
internal static class AxisMarks
{
    private const int MostMarks = 7;

    /// <summary>Marks at equal distances within a range, about five.</summary>
    internal static IReadOnlyList<double> Even(double from, double to)
    {
        double step = RoundUp((to - from) / (MostMarks - 1));
        long first = (long)Math.Ceiling(from / step);
        List<double> marks = [];
        for (long i = first; i * step <= to * (1 + 1e-9) && marks.Count <= MostMarks; i++) marks.Add(i * step);
        return marks;
    }

    /// <summary>Marks from 0 to the first one at or above a value.</summary>
    internal static IReadOnlyList<double> FromZero(double greatest)
    {
        double step = RoundUp(greatest / (MostMarks - 2));
        return [.. Enumerable.Range(0, (int)Math.Ceiling((greatest / step) - 1e-9) + 1).Select(i => i * step)];
    }

    /// <summary>Marks of a logarithmic axis, from the one at or below the least value to the one at or above the greatest.</summary>
    internal static IReadOnlyList<double> Logarithmic(double least, double greatest)
    {
        List<double> marks = [RoundDown(least)];
        while (marks[^1] < greatest) marks.Add(RoundUp(marks[^1] * 1.5));
        // A wide range has its powers of ten only, and its ends.
        return marks.Count <= MostMarks ? marks : [.. marks.Where((mark, i) => i == 0 || i == marks.Count - 1 || IsPowerOfTen(mark))];
    }

    /// <summary>The least of 1, 2, 5, 10, 20, 50... that is not below a value.</summary>
    internal static double RoundUp(double value)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(value)));
        double digits = value / power;
        return (digits <= 1 + 1e-9 ? 1 : digits <= 2 + 1e-9 ? 2 : digits <= 5 + 1e-9 ? 5 : 10) * power;
    }

    private static double RoundDown(double value)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(value)));
        double digits = value / power;
        return (digits >= 5 ? 5 : digits >= 2 ? 2 : 1) * power;
    }

    private static bool IsPowerOfTen(double mark) => Math.Abs(Math.Log10(mark) - Math.Round(Math.Log10(mark))) < 1e-6;
}
