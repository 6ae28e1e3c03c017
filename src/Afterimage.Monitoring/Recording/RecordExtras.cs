using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Recording;

/// <summary>The fields of a record that most records do not have (<see cref="RecordField.IsExtra"/>), in the order of a line.
/// Immutable.</summary>
internal sealed class RecordExtras
{
    private readonly Value[] _values;

    private RecordExtras(Value[] values) => _values = values;

    public ReadOnlySpan<Value> Values => _values;

    /// <summary>Returns the extras with a count set or removed.</summary>
    /// <returns>The extras; null if nothing is left.</returns>
    public static RecordExtras? With(RecordExtras? extras, RecordField field, long? count) =>
        With(extras, field, count is { } given ? new Value(field, given, Text: null) : null);

    /// <summary>Returns the extras with a text set or removed. An empty text counts as not given.</summary>
    /// <returns>The extras; null if nothing is left.</returns>
    public static RecordExtras? With(RecordExtras? extras, RecordField field, string? text) =>
        With(extras, field, string.IsNullOrEmpty(text) ? null : new Value(field, 0, text));

    public static long? Count(RecordExtras? extras, RecordField field) => Find(extras, field)?.Count;

    public static string? Text(RecordExtras? extras, RecordField field) => Find(extras, field)?.Text;

    /// <summary>The first count that is out of its range, if any.</summary>
    public Value? FirstAbsurd()
    {
        foreach (Value value in _values)
        {
            if (!value.Field.Holds(value.Count))
                return value;
        }

        return null;
    }

    private static Value? Find(RecordExtras? extras, RecordField field)
    {
        if (extras is null)
            return null;

        foreach (Value value in extras._values)
        {
            if (value.Field == field)
                return value;
        }

        return null;
    }

    private static RecordExtras? With(RecordExtras? extras, RecordField field, Value? value)
    {
        ReadOnlySpan<Value> values = extras is null ? [] : extras._values;
        int start = 0;
        while (start < values.Length && values[start].Field.Ordinal < field.Ordinal)
            start++;
        int end = start < values.Length && values[start].Field == field ? start + 1 : start;
        if (value is not { } given)
        {
            if (start == end)
                return extras;
            return values.Length == 1 ? null : new RecordExtras([.. values[..start], .. values[end..]]);
        }

        return new RecordExtras([.. values[..start], given, .. values[end..]]);
    }

    /// <summary>A field and its value: a count or flag, or a text.</summary>
    internal readonly record struct Value(RecordField Field, long Count, string? Text)
    {
        /// <summary>The value as shown to users.</summary>
        public object Shown => Text ?? (Field.Type == FieldType.Flag ? Count != 0 : (object)Count);
    }
}
