using System.CommandLine.Parsing;
using System.Globalization;

namespace Afterimage.Cli.CommandLine;

/// <summary>Parses the integer value of an option, and reports the bounds that it must be within.</summary>
internal static class WholeNumber
{
    public static int Parse(ArgumentResult result, string name, int min, int max = int.MaxValue) =>
        (int)Parse(result, name, min, max, isUnbounded: max == int.MaxValue);

    public static long ParseLong(ArgumentResult result, string name, long min, long max = long.MaxValue) =>
        Parse(result, name, min, max, isUnbounded: max == long.MaxValue);

    private static long Parse(ArgumentResult result, string name, long min, long max, bool isUnbounded)
    {
        string text = result.Tokens[0].Value;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number >= min && number <= max)
            return number;

        string bounds = isUnbounded ? $"from {min}" : $"from {min} to {max}";
        result.AddError($"{name} must be a whole number {bounds}, not '{Format.Name(text, 40)}'.");
        return min;
    }
}
