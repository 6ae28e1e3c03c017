using System.Text;
using System.Text.Json;

namespace Afterimage.Monitoring.Log.Reading;

/// <summary>Reads the tags of a line that are single values.</summary>
internal static class LineTags
{
    /// <param name="json">The object as it is in the line.</param>
    /// <param name="isWanted">Selects the keys that matter; null: all.</param>
    /// <returns>The tags, with numbers and flags as text.</returns>
    public static KeyValuePair<string, object?>[] Of(ReadOnlySpan<byte> json, Func<string, bool>? isWanted = null)
    {
        List<KeyValuePair<string, object?>> tags = [];
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            if (isWanted?.Invoke(key) == false)
            {
                reader.Skip();
                continue;
            }

            switch (reader.TokenType)
            {
                case JsonTokenType.String:
                    tags.Add(new(key, reader.GetString()));
                    break;
                case JsonTokenType.Null:
                    tags.Add(new(key, null));
                    break;
                case JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False:
                    tags.Add(new(key, Encoding.UTF8.GetString(reader.ValueSpan)));
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return [.. tags];
    }
}
