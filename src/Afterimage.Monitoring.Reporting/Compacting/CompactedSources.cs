using System.Text;
using System.Text.Json;
using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Reporting.Snapshots;

namespace Afterimage.Monitoring.Reporting.Compacting;

/// <summary>Which files a compacted one stands for, and how many lines of each, in their order. It is in the file's metadata.</summary>
internal static class CompactedSources
{
    /// <summary>The key of the metadata.</summary>
    public const string Key = "afterimage_sources";

    /// <summary>Reads them. One of a version that did not write them counts as lines of the first file that it stands for.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyList<(string Name, long Rows)> Read(string path)
    {
        using var snapshot = new LogSnapshot(RecordColumn.All, CancellationToken.None);
        return Read(snapshot, path);
    }

    /// <inheritdoc cref="Read(string)"/>
    public static IReadOnlyList<(string Name, long Rows)> Read(LogSnapshot snapshot, string path) =>
        CompactedFile.Reading(path, () => Sources(snapshot, path));

    private static IReadOnlyList<(string Name, long Rows)> Sources(LogSnapshot snapshot, string path)
    {
        string file = LogSnapshot.ListFiles([path]);
        string? json = snapshot
            .Query($"SELECT decode(value) FROM parquet_kv_metadata({file}) WHERE decode(key) = '{Key}'")
            .Select(row => row.GetString(0))
            .SingleOrDefault();
        if (json is not null)
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return [.. document.RootElement.EnumerateObject().Select(source => (source.Name, source.Value.GetInt64()))];
        }

        long rows = snapshot.Scalar($"SELECT sum(num_rows)::BIGINT FROM parquet_file_metadata({file})");
        var names = new NumberedName("", NumberedName.Records);
        return [(names.PathOf(RecordFiles.NumberOf(path)), rows)];
    }

    /// <summary>The metadata that says them.</summary>
    public static string ToJson(IEnumerable<(string Name, long Rows)> sources)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            foreach ((string name, long rows) in sources)
                writer.WriteNumber(name, rows);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
