using System.Text;

namespace Afterimage.Monitoring.Log.Reading;

/// <summary>Caches the strings of recurring texts, so that each is created once. Bounded. Not thread-safe.</summary>
internal sealed class TextCache
{
    private const int MaxTexts = 4096;
    private const int MaxLength = 128;

    private readonly Dictionary<byte[], string> _texts = new(Utf8NameComparer.Instance);

    public string Get(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaxLength)
            return Encoding.UTF8.GetString(utf8);

        Dictionary<byte[], string>.AlternateLookup<ReadOnlySpan<byte>> lookup = _texts.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (lookup.TryGetValue(utf8, out string? text))
            return text;

        text = Encoding.UTF8.GetString(utf8);
        if (_texts.Count >= MaxTexts)
            _texts.Clear();
        lookup[utf8] = text;
        return text;
    }
}
