using System.Text.RegularExpressions;

namespace Afterimage.Architecture.Tests;

/// <summary>What every file of the repository keeps to.</summary>
public sealed partial class SourceTextTests
{
    private const int LongestLine = 140;
    private const int LongestFile = 400;
    private const int LongestTestName = 80;

    private static readonly string[] Folders = ["src", "tests", "benchmarks", "samples"];

    private static IEnumerable<string> Files =>
        Folders.SelectMany(folder => SourceProject.FilesBelow(Path.Combine(SourceProject.Root, folder)));

    [Fact]
    public void No_line_is_longer_than_140_characters() =>
        Assert.Empty(
            Files.SelectMany(file => File.ReadLines(file)
                .Select((line, i) => (line.Length, Place: $"{Path.GetRelativePath(SourceProject.Root, file)}:{i + 1}"))
                .Where(line => line.Length > LongestLine)
                .Select(line => $"{line.Place}: {line.Length}")));

    [Fact]
    public void A_source_file_of_more_than_400_lines_says_why_at_its_head() =>
        Assert.Empty(
            SourceProject.FilesBelow(Path.Combine(SourceProject.Root, "src"))
                .Where(file => File.ReadLines(file).Count() > LongestFile)
                .Where(file => !File.ReadLines(file).First().StartsWith("// ", StringComparison.Ordinal))
                .Select(file => Path.GetRelativePath(SourceProject.Root, file)));

    [Fact]
    public void The_name_of_a_test_has_at_most_80_characters() =>
        Assert.DoesNotContain(
            SourceProject.FilesBelow(Path.Combine(SourceProject.Root, "tests"))
                .SelectMany(file => TestName().Matches(File.ReadAllText(file)))
                .Select(match => match.Groups["name"].Value),
            name => name.Length > LongestTestName);

    // Under th-TH the year 2026 is 2569: what names a file, or is read by a machine, has the invariant calendar.
    [Fact]
    public void Dates_in_texts_have_the_invariant_calendar()
    {
        foreach (string file in SourceProject.FilesBelow(Path.Combine(SourceProject.Root, "src")))
        {
            string[] lines = File.ReadAllLines(file);
            for (int i = 0; i < lines.Length; i++)
            {
                if (!Date().IsMatch(lines[i]))
                    continue;

                Assert.True(
                    lines[Math.Max(0, i - 3)..(i + 1)].Any(line => line.Contains("CultureInfo.InvariantCulture", StringComparison.Ordinal)),
                    $"{Path.GetRelativePath(SourceProject.Root, file)}:{i + 1}: {lines[i].Trim()}");
            }
        }
    }

    [GeneratedRegex(@"\{[^{}""]*:[^{}""]*(yyyy|MM|dd|HH)[^{}""]*\}|ToString\(""[^""]*(yyyy|MM|HH)")]
    private static partial Regex Date();

    [GeneratedRegex(@"public [^=;\n]*\b(?<name>[A-Z][A-Za-z0-9]*_[A-Za-z0-9_]*)\(")]
    private static partial Regex TestName();
}
