using System.Text.Json;

namespace Afterimage.Monitoring.Log.Reading;

/// <summary>Reads the tags of a line that are single values. Not thread-safe.</summary>
/// <param name="isWanted">Selects the keys that matter; null: all.</param>
internal sealed class LineTags(Func<string, bool>? isWanted = null)
{
    private readonly TextCache _texts = new();
    private readonly List<KeyValuePair<string, object?>> _tags = [];

    /// <param name="json">The object as it is in the line.</param>
    /// <returns>The tags, with numbers and flags as text.</returns>
    public KeyValuePair<string, object?>[] Of(ReadOnlySpan<byte> json)
    {
        _tags.Clear();
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = Text(ref reader);
            reader.Read();
            if (isWanted?.Invoke(key) == false)
            {
                reader.Skip();
                continue;
            }

            switch (reader.TokenType)
            {
                case JsonTokenType.String or JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False:
                    _tags.Add(new(key, Text(ref reader)));
                    break;
                case JsonTokenType.Null:
                    _tags.Add(new(key, null));
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return [.. _tags];
    }

    private string Text(ref Utf8JsonReader reader) => reader.ValueIsEscaped ? reader.GetString()! : _texts.Get(reader.ValueSpan);
}
