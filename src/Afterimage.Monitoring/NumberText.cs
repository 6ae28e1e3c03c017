using System.Globalization;

namespace Afterimage.Monitoring;

/// <summary>Formats numbers for people: with a few decimals, and small ones with two significant digits, so that nothing but zero reads as
/// zero.</summary>
internal static class NumberText
{
    /// <summary>Below it, a fixed number of decimals would be mostly zeros.</summary>
    private const double Small = 0.01;

    /// <summary>Below it, so would any other.</summary>
    private const double Tiny = 1e-12;

    public static string Of(double value) => value.ToString(Format(Math.Abs(value), "#,0.##"), CultureInfo.InvariantCulture);

    public static string Of(decimal value) => value.ToString(Format(Math.Abs((double)value), "#,0.##"), CultureInfo.InvariantCulture);

    public static string OfDollars(decimal value) =>
        value.ToString(Format(Math.Abs((double)value), "#,0.00##"), CultureInfo.InvariantCulture);

    private static string Format(double magnitude, string usual) => magnitude switch
    {
        0 or >= Small or double.NaN => usual,
        < Tiny => "G2",
        _ => "0." + new string('#', 1 + (int)Math.Ceiling(-Math.Log10(magnitude))),
    };
}
