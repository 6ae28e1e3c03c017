using System.Runtime.InteropServices;
using Afterimage.Monitoring.Metrics;

namespace Afterimage.Monitoring.Reporting.Summaries;

/// <summary>All values of one metric, for exact figures of it. For one thread at a time.</summary>
/// <remarks>
/// Whole numbers up to <see cref="CountedValues"/>, which most token counts and rates are, are counted. Others are kept, in memory or,
/// where <see cref="ValueMemory"/> is used up, in a temporary file. Quantiles are selected, not sorted for.
/// </remarks>
internal sealed class MetricValues(ValueMemory memory) : IDisposable
{
    private const int CountedValues = 1 << 16;
    private const int BlockLength = 8192;

    // As many are sorted at once; more are told apart by further bits first.
    private const int MaxSorted = 1 << 21;

    private const int BitsAtOnce = 16;

    private readonly List<double[]> _blocks = [];
    private readonly List<FileStream> _files = [];
    private long[] _counts = [];
    private double[] _block = [];
    private int _blockLength;
    private CompensatedSum _sum;

    /// <summary>Values that are finite.</summary>
    public long Count { get; private set; }

    /// <summary>Values that are not.</summary>
    public long NonFiniteCount { get; private set; }

    public double Sum => _sum.Value;

    private double Min { get; set; } = double.PositiveInfinity;

    private double Max { get; set; } = double.NegativeInfinity;

    /// <summary>What all values come to. Only where there are any.</summary>
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
        if (whole == value && (uint)whole < CountedValues && !(whole == 0 && double.IsNegative(value)))
        {
            AddCounted(whole, times);
            return;
        }

        for (long i = 0; i < times; i++)
            Keep(value);
    }

    /// <summary>Takes over what another has, which is empty then.</summary>
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

    private void AddCounted(int value, long times)
    {
        if (value >= _counts.Length)
            Array.Resize(ref _counts, Math.Min(CountedValues, Math.Max(value + 1, Math.Max(_counts.Length * 2, 64))));
        _counts[value] += times;
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
        _block = new double[BlockLength];
        _blockLength = 0;
    }

    private void MoveToFile()
    {
        if (_files.Count == 0)
            _files.Add(ValueMemory.CreateFile());
        foreach (double[] block in _blocks)
            _files[0].Write(MemoryMarshal.AsBytes(block.AsSpan()));

        // The one that there was no room for was not taken.
        memory.Give((_blocks.Count - 1) * BlockLength * sizeof(double));
        _blocks.Clear();
    }

    /// <summary>The values at ranks in the ascending order of all, 0 the first.</summary>
    private double[] Select(long[] ranks)
    {
        // Many quantiles share most of what is read for them only in the first look, which is the one at all values.
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
                return SelectSorted(prefix, bits, rank);
            histogram = Histogram(prefix, bits);
        }
    }

    /// <summary>How many values begin with a prefix of so many bits, by their next bits.</summary>
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

    private double SelectSorted(ulong prefix, int bits, long rank)
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
        int below = 0;
        for (int value = 0; value < _counts.Length; value++)
        {
            if (_counts[value] == 0 || !Begins(KeyOf(value), prefix, bits))
                continue;

            while (below < values.Count && values[below] < value)
            {
                if (rank-- == 0)
                    return values[below];
                below++;
            }

            if (rank < _counts[value])
                return value;
            rank -= _counts[value];
        }

        return values[below + (int)rank];
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

    // In the order of the values.
    private static ulong KeyOf(double value)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(value);
        return (bits & (1UL << 63)) != 0 ? ~bits : bits | (1UL << 63);
    }

    private static double ValueOf(ulong key) => BitConverter.UInt64BitsToDouble((key & (1UL << 63)) != 0 ? key & ~(1UL << 63) : ~key);

    private static bool Begins(ulong key, ulong prefix, int bits) => bits == 0 || key >> (64 - bits) == prefix;

    private static int Next(ulong key, int bits) => (int)(key >> (64 - BitsAtOnce - bits)) & ((1 << BitsAtOnce) - 1);
}
