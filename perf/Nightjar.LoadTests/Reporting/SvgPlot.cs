using System.Globalization;
using System.Net;
using System.Text;

namespace Nightjar.LoadTests.Reporting;

/// <summary>A plot of lines over a common horizontal axis, as an SVG element that needs nothing else.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Series">The lines.</param>
/// <param name="XText">A horizontal value as people read it.</param>
/// <param name="YText">A vertical value as people read it.</param>
/// <param name="IsLogarithmic">The vertical axis has equal distances for equal factors; values of 0 are left out.</param>
internal sealed record SvgPlot(
    string Title, IReadOnlyList<PlotSeries> Series, Func<double, string> XText, Func<double, string> YText, bool IsLogarithmic = false)
{
    private const int Width = 760;
    private const int Height = 260;
    private const int Left = 80;
    private const int Right = 20;
    private const int Top = 34;
    private const int Bottom = 30;
    private const int LegendWidth = 60;

    /// <summary>Horizontal values that are marked; null for equal distances.</summary>
    internal IReadOnlyList<double>? XMarks { get; init; }

    /// <summary>Writes the element.</summary>
    internal void Write(StringBuilder html)
    {
        List<(double X, double Y)> all = [.. Series.SelectMany(static series => series.Points).Where(IsShown)];
        if (all.Count == 0) return;
        // Points that are left out have their place all the same, so that plots of one run stand below each other.
        List<double> across = [.. Series.SelectMany(static series => series.Points).Select(static point => point.X)];
        double x0 = across.Min(), x1 = Math.Max(across.Max(), x0 + 1e-9);
        if (XMarks is null) x0 = Math.Min(x0, 0);
        double greatest = Math.Max(all.Max(static point => point.Y), 1e-9);
        IReadOnlyList<double> yMarks = IsLogarithmic
            ? AxisMarks.Logarithmic(all.Min(static point => point.Y), greatest)
            : AxisMarks.FromZero(greatest);
        double y0 = Scale(yMarks[0]), y1 = Math.Max(Scale(yMarks[^1]), y0 + 1e-9);
        html.AppendLine(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\"><title>{WebUtility.HtmlEncode(Title)}</title>");
        html.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"16\" class=\"t\">{WebUtility.HtmlEncode(Title)}</text>");
        WriteGrid(html, x0, x1, y0, y1, yMarks);
        for (int i = 0; i < Series.Count; i++) WriteSeries(html, i, x0, x1, y0, y1);
        html.AppendLine("</svg>");
    }

    private static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);

    private static double XOf(double x, double x0, double x1) => Left + ((x - x0) / (x1 - x0) * (Width - Left - Right));

    private static double YOf(double scaled, double y0, double y1) => Height - Bottom - ((scaled - y0) / (y1 - y0) * (Height - Top - Bottom));

    private bool IsShown((double X, double Y) point) => !IsLogarithmic || point.Y > 0;

    private double Scale(double y) => IsLogarithmic ? Math.Log10(y) : y;

    private void WriteGrid(StringBuilder html, double x0, double x1, double y0, double y1, IReadOnlyList<double> yMarks)
    {
        foreach (double mark in yMarks)
        {
            string y = Number(YOf(Scale(mark), y0, y1));
            html.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{y}\" y2=\"{y}\" class=\"g\"/>");
            string label = YText(mark);
            html.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{Left - 6}\" y=\"{y}\" class=\"y\">{WebUtility.HtmlEncode(label)}</text>");
        }

        foreach (double x in XMarks ?? AxisMarks.Even(x0, x1))
        {
            if (x < x0 || x > x1) continue;
            string at = Number(XOf(x, x0, x1));
            html.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{at}\" y=\"{Height - 10}\" class=\"x\">{WebUtility.HtmlEncode(XText(x))}</text>");
        }
    }

    private void WriteSeries(StringBuilder html, int index, double x0, double x1, double y0, double y1)
    {
        PlotSeries series = Series[index];
        IEnumerable<string> points = series.Points.Where(IsShown).Select(point => $"{Number(XOf(point.X, x0, x1))},{Number(YOf(Scale(point.Y), y0, y1))}");
        html.AppendLine(CultureInfo.InvariantCulture, $"<polyline points=\"{string.Join(' ', points)}\" stroke=\"{series.Colour}\" class=\"l\"/>");
        int legend = Width - Right - (LegendWidth * (Series.Count - 1 - index));
        string name = WebUtility.HtmlEncode(series.Name);
        html.AppendLine(CultureInfo.InvariantCulture, $"<text x=\"{legend}\" y=\"16\" fill=\"{series.Colour}\" class=\"k\">{name}</text>");
    }
}
