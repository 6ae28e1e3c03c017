using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Afterimage.Monitoring.DurabilityTests.Support;

/// <summary>What is in a log directory's files, read line by line with nothing of the library.</summary>
internal static class LogFiles
{
    /// <summary>The files of one kind, such as <c>metrics.jsonl</c>, by number.</summary>
    public static string[] Of(string directory, string name)
    {
        string stem = Path.GetFileNameWithoutExtension(name);
        return [.. Directory.GetFiles(directory, stem + "*" + Path.GetExtension(name)).OrderBy(Number)];

        int Number(string path) =>
            int.TryParse(
                Path.GetFileNameWithoutExtension(path).AsSpan(stem.Length).TrimStart('-'),
                CultureInfo.InvariantCulture,
                out int number)
                ? number
                : 0;
    }

    public static string[] Metrics(string directory) => Of(directory, "metrics.jsonl");

    /// <summary>The lines of a file that may be growing; the last may lack its end.</summary>
    public static string[] Lines(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        string[] lines = reader.ReadToEnd().Split('\n');
        return lines[^1].Length == 0 ? lines[..^1] : lines;
    }

    /// <summary>The object of a line; null if it is none.</summary>
    public static JsonElement? Parse(string line)
    {
        try
        {
            JsonElement element = JsonElement.Parse(line);
            return element.ValueKind == JsonValueKind.Object ? element : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The whole records of a directory, every line of which must be one.</summary>
    public static IEnumerable<JsonElement> WholeRecords(string directory) =>
        Metrics(directory).SelectMany(Lines).Select(line => JsonElement.Parse(line));

    /// <summary>The numbers (prompt tokens) of a model's records, in the order of the files.</summary>
    public static long[] NumbersOf(string directory, string model) =>
        [
            .. WholeRecords(directory)
                .Where(r => r.TryGetProperty("model_name", out JsonElement name) && name.GetString() == model)
                .Select(r => r.GetProperty("prompt_token_count").GetInt64()),
        ];

    public static List<JsonElement> LogEntries(string directory) =>
        [.. Of(directory, "afterimage.log").SelectMany(Lines).Select(line => JsonElement.Parse(line))];

    public static JsonElement Run(string directory, string name = "run.json") =>
        JsonElement.Parse(File.ReadAllText(Path.Combine(directory, name)));

    public static IEnumerable<long> OneTo(long count) => Enumerable.Range(1, (int)count).Select(n => (long)n);
}
