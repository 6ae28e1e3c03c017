using System.Globalization;
using Afterimage.Cli.CommandLine;

namespace Afterimage.Cli.Simulation;

internal static class ReplaySpeed
{
    private const double Slowest = 0.001;
    private const double Fastest = 1_000_000;

    /// <summary>Parses a factor of real time; returns <see langword="null"/> for <c>max</c>.</summary>
    /// <exception cref="InputException">The text is neither <c>max</c> nor a factor.</exception>
    public static double? Parse(string text)
    {
        if (text == "max")
            return null;
        if (
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double factor)
            && factor is >= Slowest and <= Fastest)
            return factor;
        throw new InputException(
            "--speed must be max or a factor from 0.001 to 1000000 (60: a minute of the trace in a second), "
            + $"not '{Format.Name(text, 40)}'.");
    }
}
