using Xunit;

namespace Afterimage.Tests;

/// <summary>Names that try to be something else than names: a path, a formula, markup, SQL, a steering of the terminal.</summary>
internal static class HostileNames
{
    private static readonly string[] Names =
    [
        "../../x", "=cmd|' /C calc'!A0", "<script>alert(1)</script>", new('n', 300), "Ä€🙂", "line\nbreak\r\ttab", "\"quoted\" 'twice'",
        "'); DROP TABLE record; --", "a/b\\c:d*e?f[g]h", "$.a[0]", "nul\0", "+1", "-1", "@SUM(1)", "\t=1", "{0}", "~0/~1", "  ", "CON", ".", "\u202Eevil", "\u001b[31m",
    ];

    public static TheoryData<int> All => [.. Enumerable.Range(0, Names.Length)];

    public static IReadOnlyList<string> List => Names;

    // By number: not every name survives being part of a test's name.
    public static string Of(int index) => Names[index];
}
