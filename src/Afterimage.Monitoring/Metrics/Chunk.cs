namespace Afterimage.Monitoring.Metrics;

/// <summary>The raw points of a stretch of one metric, in columns, in the order of recording.</summary>
/// <remarks>Points below <see cref="Count"/> never change, so that a reader may keep a span of them while the chunk grows.</remarks>
/// <param name="capacity">Points that it has room for at first.</param>
/// <param name="maxCapacity">Points that it grows to.</param>
internal sealed class Chunk(int capacity, int maxCapacity)
{
    /// <summary>Points in a full chunk: its edge scans stay under a microsecond, its summary costs under a byte a point.</summary>
    public const int Capacity = 2048;

    /// <summary>What a chunk begins with: many metrics have few points.</summary>
    public const int SmallCapacity = 16;

    public long[] Timestamps { get; private set; } = GC.AllocateUninitializedArray<long>(capacity);

    public double[] Values { get; private set; } = GC.AllocateUninitializedArray<double>(capacity);

    public int[] ModelIds { get; private set; } = GC.AllocateUninitializedArray<int>(capacity);

    public int Count { get; private set; }

    public bool IsFull => Count == maxCapacity;

    /// <summary>Whether the timestamps never go back.</summary>
    public bool IsSorted { get; private set; } = true;

    public long FirstTimestamp { get; private set; } = long.MaxValue;

    public long LastTimestamp { get; private set; } = long.MinValue;

    public void Add(long timestamp, double value, int modelId)
    {
        int index = Count;
        if (index == Values.Length)
            Grow();

        Timestamps[index] = timestamp;
        Values[index] = value;
        ModelIds[index] = modelId;
        if (timestamp < LastTimestamp)
            IsSorted = false;
        else
            LastTimestamp = timestamp;
        if (timestamp < FirstTimestamp)
            FirstTimestamp = timestamp;
        Count = index + 1;
    }

    /// <summary>The values in a range.</summary>
    public ReadOnlyMemory<double> ValuesIn(TimeRange range)
    {
        if (Count == 0 || range.From > LastTimestamp || (range.To <= FirstTimestamp && range.To != long.MaxValue))
            return default;
        if (range.Contains(FirstTimestamp) && range.Contains(LastTimestamp))
            return Values.AsMemory(0, Count);
        if (IsSorted)
        {
            int start = FirstIndexFrom(range.From);
            int end = range.To == long.MaxValue ? Count : FirstIndexFrom(range.To);
            return Values.AsMemory(start, end - start);
        }

        var values = new double[Count];
        int count = 0;
        for (int i = 0; i < Count; i++)
        {
            if (range.Contains(Timestamps[i]))
                values[count++] = Values[i];
        }

        return values.AsMemory(0, count);
    }

    /// <summary>Adds the values in a range to the sums of their models.</summary>
    public void SumByModel(TimeRange range, ModelSums sums)
    {
        int start = IsSorted ? FirstIndexFrom(range.From) : 0;
        for (int i = start; i < Count; i++)
        {
            if (range.Contains(Timestamps[i]))
                sums.Add(ModelIds[i], Values[i]);
        }
    }

    private int FirstIndexFrom(long from)
    {
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (Timestamps[middle] < from)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    // New arrays, not resized ones in place: readers may hold the old.
    private void Grow()
    {
        int capacity = Math.Min(Values.Length * 2, maxCapacity);
        Timestamps = Grown(Timestamps, Count, capacity);
        Values = Grown(Values, Count, capacity);
        ModelIds = Grown(ModelIds, Count, capacity);
    }

    private static T[] Grown<T>(T[] array, int count, int capacity)
    {
        var grown = GC.AllocateUninitializedArray<T>(capacity);
        Array.Copy(array, grown, count);
        return grown;
    }
}
