using System.Globalization;

namespace Afterimage.Cli.Tests;

/// <summary>The trace that lies beside the repository, and what it comes to, reckoned from its text alone.</summary>
internal sealed record SharedTrace(string Path, IReadOnlyList<(long Prompt, long Completion)> Rows)
{
    /// <summary>Reads the trace; skips the test where there is none.</summary>
    public static SharedTrace Load()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(System.IO.Path.Combine(directory.FullName, "Afterimage.slnx")))
            directory = directory.Parent;
        string path = directory is null
            ? ""
            : System.IO.Path.GetFullPath(System.IO.Path.Combine(directory.FullName, "../shared/data/azure-llm-2023-conversation.csv"));
        Assert.SkipUnless(File.Exists(path), "The shared trace is not beside the repository.");

        return new SharedTrace(path, [.. File.ReadLines(path).Skip(1).Where(line => line.Length > 0).Select(line =>
        {
            string[] fields = line.Split(',');
            return (long.Parse(fields[1], CultureInfo.InvariantCulture), long.Parse(fields[2], CultureInfo.InvariantCulture));
        })]);
    }
}
