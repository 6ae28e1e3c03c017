using System.Text.Json;
using Afterimage.Monitoring.ClickHouse.Http;
using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Reporting.Summaries;

namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>Converts the content of a <c>run.json</c> to a row.</summary>
internal static class RunPart
{
    public const string Columns =
        "run, part, seen, name, path, host, service, process_name, process_id, library_version, start, end, "
        + "has_end, is_alive, recorded, dropped, failed";

    /// <summary>Returns the rows of a run. A run without such a file has a row too.</summary>
    public static IReadOnlyList<string> RowsOf(RunListing listing, string run, string root, string? service, DateTimeOffset now)
    {
        string name = Path.GetRelativePath(root, listing.Directory);
        List<string> rows = [.. listing.Parts.Select(part => Row(part.Path))];
        return rows.Count > 0 ? rows : [Row(null)];

        string Row(string? path)
        {
            JsonElement? json = path is null ? null : JsonFile.Read(path);
            LogRun? read = json is { } file ? LogRun.Of(path!, file) : null;
            string process = Text("process_name");
            return string.Join(
                ", ",
                Quote(run),
                Quote(path is null ? "" : Path.GetFileName(path)),
                Number(now.UtcTicks),
                Quote(name),
                Quote(listing.Directory),
                Quote(Text("host") is { Length: > 0 } host ? host : Environment.MachineName),
                Quote(service ?? process),
                Quote(process),
                Number(Count("process_id", 0)),
                Quote(Text("library_version")),
                Number(read is null ? 0 : read.Start.UtcTicks - DateTime.UnixEpoch.Ticks),
                Number(read?.End is { } end ? end.UtcTicks - DateTime.UnixEpoch.Ticks : 0),
                read?.End is null ? "0" : "1",
                path is not null && FileClaim.IsHeld(path) ? "1" : "0",
                Number(Count("recorded", -1)),
                Number(Count("dropped", 0)),
                Number(Count("failed", 0)));

            string Text(string key) =>
                json is { } element && element.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.String
                    ? value.GetString()!
                    : "";

            long Count(string key, long otherwise) =>
                json is { } element && element.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.Number
                    && value.TryGetInt64(out long count)
                    ? count
                    : otherwise;
        }
    }

    private static string Quote(string text) => TabSeparated.Quote(text);

    private static string Number(long number) => FormattableString.Invariant($"{number}");
}
