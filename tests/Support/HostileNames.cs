using Xunit;

namespace Afterimage.Tests;

/// <summary>
/// Texts that try to be something else than texts: a path, a formula, markup, SQL, a steering of the terminal, or more than a format has
/// room for. Each is a name or a value in every place that takes one (model, metric, finish reason, error, evaluator, score, tag, log
/// message), and comes back as it was.
/// </summary>
public static class HostileNames
{
    /// <summary>Half of an emoji, which UTF-8 has no bytes for. Not in <see cref="List"/>, since it cannot come back as it was.</summary>
    public const string Unpaired = "lone\ud83dsurrogate";

    /// <summary>What is kept of <see cref="Unpaired"/>.</summary>
    public const string UnpairedKept = "lone\ufffdsurrogate";

    private static readonly string[] Names =
    [
        "../../x",
        "=cmd|' /C calc'!A0",
        "<script>alert(1)</script>",
        new('n', 300),
        "Ä€🙂",
        "line\nbreak\r\ttab",
        "\"quoted\" 'twice'",
        "'); DROP TABLE record; --",
        "a/b\\c:d*e?f[g]h",
        "$.a[0]",
        "nul\0",
        "+1",
        "-1",
        "@SUM(1)",
        "\t=1",
        "{0}",
        "~0/~1",
        "  ",
        "CON",
        ".",
        "\u202Eevil",
        "\u001b[31m",
        "\r=1",
        "'apostrophes'",
        "[markup]x[/]",
        "..",
        "NUL.txt",
        "Only Case",
        "ONLY CASE",
        new string('l', 39_999) + "🙂",
        "\u001b]0;title\u0007\u001b[2J",
        "\u009b31mC1",
        "a\u2028b\u0085c",
        "</script><!--",
    ];

    public static TheoryData<int> All => [.. Enumerable.Range(0, Names.Length)];

    public static IReadOnlyList<string> List => Names;

    // By number: not every name survives being part of a test's name.
    public static string Of(int index) => Names[index];
}
