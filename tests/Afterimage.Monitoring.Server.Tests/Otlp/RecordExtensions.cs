using System.Text.Json;

namespace Afterimage.Monitoring.Server.Tests.Otlp;

internal static class RecordExtensions
{
    public static string? Text(this JsonElement record, string key) =>
        record.TryGetProperty(key, out JsonElement value) ? value.GetString() : null;

    public static long Count(this JsonElement record, string key) =>
        record.TryGetProperty(key, out JsonElement value) ? value.GetInt64() : 0;

    public static string? Tag(this JsonElement record, string key) =>
        record.TryGetProperty("tags", out JsonElement tags) ? tags.Text(key) : null;

    public static bool Is(this JsonElement record, string key) => record.TryGetProperty(key, out JsonElement value) && value.GetBoolean();
}
