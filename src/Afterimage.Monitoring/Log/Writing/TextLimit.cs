using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Afterimage.Monitoring.Log.Writing;

/// <summary>Cuts the texts of a line that is too long to be of use: a reader holds a line whole, and passes over what is longer than its
/// own limit.</summary>
/// <remarks>The longest texts are cut, to the same length each, and end with a mark that says so. For one thread at a time; only
/// <see cref="CutLines"/> is for any.</remarks>
/// <param name="maxLength">Characters that the texts of a line may have together.</param>
internal sealed class TextLimit(int maxLength)
{
    private const int Uncut = int.MaxValue;

    private readonly List<int> _lengths = [];
    private long _total;
    private int _each = Uncut;
    private long _cutLines;

    /// <summary>Lines that were cut.</summary>
    public long CutLines => Volatile.Read(ref _cutLines);

    /// <summary>Begins a line without texts.</summary>
    public void Begin()
    {
        _lengths.Clear();
        _total = 0;
        _each = Uncut;
    }

    /// <summary>Counts a text that will be in the line.</summary>
    public void Count(string? text) => Count(text?.Length ?? 0);

    /// <summary>Counts values that will be in the line, and their names.</summary>
    public void Count(KeyValuePair<string, object?>[]? values)
    {
        foreach ((string name, object? value) in values ?? [])
        {
            Count(name);
            if (value is JsonElement element)
                Count(JsonMarshal.GetRawUtf8Value(element).Length);
            else
                Count(value as string);
        }
    }

    /// <summary>Decides what is cut, once all texts are counted.</summary>
    public void Decide()
    {
        if (_total <= maxLength)
            return;

        // The shorter ones leave the longer ones what they do not need.
        _lengths.Sort();
        long left = maxLength;
        for (int i = 0; i < _lengths.Count; i++)
        {
            long share = left / (_lengths.Count - i);
            if (_lengths[i] > share)
            {
                _each = (int)share;
                break;
            }

            left -= _lengths[i];
        }

        Interlocked.Increment(ref _cutLines);
    }

    /// <summary>The text as the line has it.</summary>
    public string Of(string text)
    {
        if (text.Length <= _each)
            return text;

        int end = _each > 0 && char.IsHighSurrogate(text[_each - 1]) ? _each - 1 : _each;
        return text[..end] + Mark(text.Length);
    }

    /// <summary>The value as the line has it: of JSON that is cut, the beginning of its text.</summary>
    public object? Of(object? scalar) => scalar switch
    {
        string text => Of(text),
        JsonElement element when _each < Uncut => Of(element.GetRawText()) is var cut && cut.Length > _each ? cut : element,
        _ => scalar,
    };

    private static string Mark(int length) => string.Create(CultureInfo.InvariantCulture, $"… [cut: {length} characters]");

    private void Count(int length)
    {
        if (length == 0)
            return;
        _total += length;
        _lengths.Add(length);
    }
}
