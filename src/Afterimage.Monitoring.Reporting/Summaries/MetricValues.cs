using System.Runtime.InteropServices;
using Afterimage.Monitoring.Metrics;

namespace Afterimage.Monitoring.Reporting.Summaries;

/// <summary>All values of one metric, for exact figures. Not thread-safe.</summary>
/// <remarks>
/// Integers up to <see cref="CountedValues"/>, as most token counts and rates are, are counted once there are so many values that this
/// takes no more memory than to keep them. Other values are kept in memory or, when <see cref="ValueMemory"/> is used up, in a temporary
/// file. Quantiles of many values are found by selection, not by sorting.
/// </remarks>
internal sealed class MetricValues(ValueMemory memory) : IDisposable
{
    private const int CountedValues = 1 << 16;
    private const int BlockLength = 8192;

    // So many counts there are at least: a log may have many metrics, most of them of few values.
    private const int MinCounts = 16;

    // Up to this many values take less time to sort than to divide.
    private const int MaxSortedWhole = 1 << 16;

    // Up to this many values are sorted at once. More are first divided by further bits.
    private const int MaxSorted = 1 << 21;

    private const int BitsAtOnce = 16;

    private readonly List<double[]> _blocks = [];
    private readonly List<FileStream> _files = [];
    private long[] _counts = [];
    private double[] _block = [];
    private int _blockLength;
    private long _counted;
    private CompensatedSum _sum;

    /// <summary>The number of finite values.</summary>
    public long Count { get; private set; }

    /// <summary>The number of values that are not finite.</summary>
    public long NonFiniteCount { get; private set; }

    public double Sum => _sum.Value;

    private double Min { get; set; } = double.PositiveInfinity;

    private double Max { get; set; } = double.NegativeInfinity;

    /// <summary>The summary of all values. Must only be used if there are any.</summary>
    public MetricSummary Summary
    {
        get
        {
            double[] quantiles = Select([QuantileRank.Of(0.5, Count), QuantileRank.Of(0.95, Count), QuantileRank.Of(0.99, Count)]);
            return new MetricSummary
            {
                Count = Count,
                Sum = Sum,
                Mean = _sum.Mean(Count),
                Min = Min,
                Max = Max,
                P50 = quantiles[0],
                P95 = quantiles[1],
                P99 = quantiles[2],
            };
        }
    }

    /// <summary>Adds a value a number of times.</summary>
    public void Add(double value, long times = 1)
    {
        if (!double.IsFinite(value))
        {
            NonFiniteCount += times;
            return;
        }

        Count += times;
        _sum.Add(value, times);
        Min = Math.Min(Min, value);
        Max = Math.Max(Max, value);
        int whole = (int)value;
        if (whole == value && (uint)whole < CountedValues && !(whole == 0 && double.IsNegative(value)) && CanCount(whole))
        {
            AddCounted(whole, times);
            return;
        }

        for (long i = 0; i < times; i++)
            Keep(value);
    }

    /// <summary>Takes over the values of another instance, which is empty afterwards.</summary>
    public void Take(MetricValues other)
    {
        Count += other.Count;
        NonFiniteCount += other.NonFiniteCount;
        _sum.Add(other._sum);
        Min = Math.Min(Min, other.Min);
        Max = Math.Max(Max, other.Max);
        for (int value = 0; value < other._counts.Length; value++)
        {
            if (other._counts[value] != 0)
                AddCounted(value, other._counts[value]);
        }

        _blocks.AddRange(other._blocks);
        _files.AddRange(other._files);
        foreach (double value in other._block.AsSpan(0, other._blockLength))
            Keep(value);
        other._blocks.Clear();
        other._files.Clear();
        other._blockLength = 0;
    }

    public void Dispose()
    {
        foreach (FileStream file in _files)
            file.Dispose();
    }

    private bool CanCount(int value) =>
        value < _counts.Length
        || value < MinCounts
        || (value < Count && memory.TryTake((long)(LengthToCount(value) - _counts.Length) * sizeof(long)));

    private int LengthToCount(int value) =>
        Math.Min(CountedValues, Math.Max(value + 1, Math.Max(_counts.Length * 2, MinCounts)));

    private void AddCounted(int value, long times)
    {
        if (value >= _counts.Length)
            Array.Resize(ref _counts, LengthToCount(value));
        _counts[value] += times;
        _counted += times;
    }

    private void Keep(double value)
    {
        if (_blockLength == _block.Length)
            GrowBlock();
        _block[_blockLength++] = value;
    }

    private void GrowBlock()
    {
        if (_block.Length < BlockLength)
        {
            Array.Resize(ref _block, Math.Max(16, _block.Length * 2));
            return;
        }

        _blocks.Add(_block);
        if (!memory.TryTake(BlockLength * sizeof(double)))
            MoveToFile();
        _block = GC.AllocateUninitializedArray<double>(BlockLength);
        _blockLength = 0;
    }

    private void MoveToFile()
    {
        if (_files.Count == 0)
            _files.Add(ValueMemory.CreateFile());
        foreach (double[] block in _blocks)
            _files[0].Write(MemoryMarshal.AsBytes(block.AsSpan()));

        // The last block is not counted, because no memory could be taken for it.
        memory.Give((_blocks.Count - 1) * BlockLength * sizeof(double));
        _blocks.Clear();
    }

    /// <summary>Returns the values at given ascending ranks. The first rank is 0.</summary>
    private double[] Select(long[] ranks)
    {
        if (Count - _counted <= MaxSortedWhole)
            return SelectSorted(prefix: 0, bits: 0, ranks);

        // Quantiles share most of their reading only in the first pass, which covers all values.
        long[] first = Histogram(0, 0);
        return [.. ranks.Select(rank => Select(rank, first))];
    }

    private double Select(long rank, long[] histogram)
    {
        ulong prefix = 0;
        for (int bits = BitsAtOnce; ; bits += BitsAtOnce)
        {
            int bucket = 0;
            while (rank >= histogram[bucket])
                rank -= histogram[bucket++];
            prefix = (prefix << BitsAtOnce) | (uint)bucket;
            if (bits == 64)
                return ValueOf(prefix);
            if (histogram[bucket] <= MaxSorted)
                return SelectSorted(prefix, bits, [rank])[0];
            histogram = Histogram(prefix, bits);
        }
    }

    /// <summary>Counts the values that begin with a prefix of the given number of bits, grouped by their next bits.</summary>
    private long[] Histogram(ulong prefix, int bits)
    {
        long[] histogram = new long[1 << BitsAtOnce];
        for (int value = 0; value < _counts.Length; value++)
        {
            if (_counts[value] != 0 && Begins(KeyOf(value), prefix, bits))
                histogram[Next(KeyOf(value), bits)] += _counts[value];
        }

        foreach (ReadOnlyMemory<double> block in Blocks())
        {
            foreach (double value in block.Span)
            {
                ulong key = KeyOf(value);
                if (Begins(key, prefix, bits))
                    histogram[Next(key, bits)]++;
            }
        }

        return histogram;
    }

    private double[] SelectSorted(ulong prefix, int bits, long[] ranks)
    {
        var values = new List<double>();
        foreach (ReadOnlyMemory<double> block in Blocks())
        {
            foreach (double value in block.Span)
            {
                if (Begins(KeyOf(value), prefix, bits))
                    values.Add(value);
            }
        }

        values.Sort();
        double[] selected = new double[ranks.Length];
        int found = 0;
        long passed = 0;
        int below = 0;
        for (int value = 0; value < _counts.Length && found < ranks.Length; value++)
        {
            if (_counts[value] == 0 || !Begins(KeyOf(value), prefix, bits))
                continue;

            while (below < values.Count && values[below] < value)
                Pass(values[below++], 1);
            Pass(value, _counts[value]);
        }

        while (found < ranks.Length)
            Pass(values[below++], 1);
        return selected;

        void Pass(double value, long times)
        {
            passed += times;
            while (found < ranks.Length && ranks[found] < passed)
                selected[found++] = value;
        }
    }

    private IEnumerable<ReadOnlyMemory<double>> Blocks()
    {
        foreach (FileStream file in _files)
        {
            file.Position = 0;
            double[] read = new double[BlockLength];
            while (true)
            {
                int length = file.ReadAtLeast(
                    MemoryMarshal.AsBytes(read.AsSpan()),
                    read.Length * sizeof(double),
                    throwOnEndOfStream: false);
                if (length == 0)
                    break;
                yield return read.AsMemory(0, length / sizeof(double));
            }
        }

        foreach (double[] block in _blocks)
            yield return block;
        yield return _block.AsMemory(0, _blockLength);
    }

    // The keys have the order of the values.
    private static ulong KeyOf(double value)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(value);
        return (bits & (1UL << 63)) != 0 ? ~bits : bits | (1UL << 63);
    }

    private static double ValueOf(ulong key) => BitConverter.UInt64BitsToDouble((key & (1UL << 63)) != 0 ? key & ~(1UL << 63) : ~key);

    private static bool Begins(ulong key, ulong prefix, int bits) => bits == 0 || key >> (64 - bits) == prefix;

    private static int Next(ulong key, int bits) => (int)(key >> (64 - BitsAtOnce - bits)) & ((1 << BitsAtOnce) - 1);
}
