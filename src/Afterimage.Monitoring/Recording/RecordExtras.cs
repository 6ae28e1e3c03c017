using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Recording;

/// <summary>The fields of a record that most records do not have (<see cref="RecordField.IsExtra"/>). Immutable.</summary>
/// <remarks>A list from the field that was set last to the first: the caller's thread pays one link for each. Whoever writes the line sorts
/// them.</remarks>
internal sealed class RecordExtras
{
    private readonly Value _value;
    private readonly RecordExtras? _others;
    private Value[]? _inOrder;

    private RecordExtras(in Value value, RecordExtras? others)
    {
        _value = value;
        _others = others;
    }

    /// <summary>The fields in the order of a line.</summary>
    public ReadOnlySpan<Value> Values => _inOrder ??= InOrder();

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

    /// <summary>A count that is out of its range, if any.</summary>
    public Value? FindAbsurd()
    {
        for (RecordExtras? extra = this; extra is not null; extra = extra._others)
        {
            if (!extra._value.Field.Holds(extra._value.Count))
                return extra._value;
        }

        return null;
    }

    private static Value? Find(RecordExtras? extras, RecordField field)
    {
        for (; extras is not null; extras = extras._others)
        {
            if (extras._value.Field == field)
                return extras._value;
        }

        return null;
    }

    private static RecordExtras? With(RecordExtras? extras, RecordField field, Value? value)
    {
        RecordExtras? others = Without(extras, field);
        return value is { } given ? new RecordExtras(given, others) : others;
    }

    private static RecordExtras? Without(RecordExtras? extras, RecordField field)
    {
        if (Find(extras, field) is null)
            return extras;
        return extras!._value.Field == field ? extras._others : new RecordExtras(extras._value, Without(extras._others, field));
    }

    private Value[] InOrder()
    {
        int count = 0;
        for (RecordExtras? extra = this; extra is not null; extra = extra._others)
            count++;
        var values = new Value[count];
        for (RecordExtras? extra = this; extra is not null; extra = extra._others)
            values[--count] = extra._value;
        Array.Sort(values, static (one, other) => one.Field.Ordinal.CompareTo(other.Field.Ordinal));
        return values;
    }

    /// <summary>A field and its value: a count or flag, or a text.</summary>
    internal readonly record struct Value(RecordField Field, long Count, string? Text)
    {
        /// <summary>The value as shown to users.</summary>
        public object Shown => Text ?? (Field.Type == FieldType.Flag ? Count != 0 : (object)Count);
    }
}
