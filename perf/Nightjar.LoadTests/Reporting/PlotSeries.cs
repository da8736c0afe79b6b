namespace Nightjar.LoadTests.Reporting;

/// <summary>One line of a plot.</summary>
/// <param name="Name">Its name in the legend.</param>
/// <param name="Colour">As CSS writes it.</param>
/// <param name="Points">From left to right.</param>
internal sealed record PlotSeries(string Name, string Colour, IReadOnlyList<(double X, double Y)> Points);
