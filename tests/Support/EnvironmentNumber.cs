using System.Globalization;

namespace Afterimage.Tests;

/// <summary>How long, how often or from which seed a test runs, for those who want another than the usual one.</summary>
public static class EnvironmentNumber
{
    /// <returns>The number of an environment variable, or another one where that is not set.</returns>
    public static int Of(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
