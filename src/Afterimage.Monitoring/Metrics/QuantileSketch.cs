using System.Numerics;
using System.Runtime.InteropServices;

namespace Afterimage.Monitoring.Metrics;

/// <summary>
/// A mergeable quantile sketch with a relative error of at most 1 % at any quantile, for all finite values. Among those below the smallest
/// normal double, 2.2e-308, the answer is rounded to one that there is.
/// </summary>
/// <remarks>
/// DDSketch (Masson, Rim, Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees", VLDB 2019): buckets
/// whose borders grow by a factor gamma = (1 + a) / (1 - a). The logarithm is the paper's cubic interpolation between powers of two: within
/// 1 % of the number of buckets that an exact logarithm needs, at a fraction of its time.
/// </remarks>
internal sealed class QuantileSketch
{
    public const double RelativeError = 0.01;

    // P(s) = A s^3 + B s^2 + C s maps the mantissa's [0, 1) on [0, 1) with P'(s) (1 + s) >= 10/7: the slope of log2 times at least (10/7)
    // ln 2.
    private const double A = 6.0 / 35.0;
    private const double B = -3.0 / 5.0;
    private const double C = 10.0 / 7.0;
    private const int NormalizingExponent = 54;
    private const double Normalizing = 1L << NormalizingExponent;
    private const long MantissaMask = 0xF_FFFF_FFFF_FFFF;
    private const long OneBits = 0x3FF0_0000_0000_0000;

    private static readonly double KeysPerOctave = 0.7 / Math.Log((1 + RelativeError) / (1 - RelativeError));

    // Between them a bucket has its place in an array. Beyond, where few metrics have a value, it takes memory only if there is one.
    private static readonly int LowestNear = Key(1e-9);
    private static readonly int HighestNear = Key(1e12);

    private Buckets _negative;
    private Buckets _positive;
    private long _zeros;

    public void Add(ReadOnlySpan<double> values)
    {
        foreach (double value in values)
            Add(value, 1);
    }

    public void Add(double value, long count)
    {
        if (value > 0)
            _positive.Add(Key(value), count);
        else if (value < 0)
            _negative.Add(Key(-value), count);
        else
            _zeros += count;
    }

    public void Merge(QuantileSketch other)
    {
        _negative.Add(other._negative);
        _positive.Add(other._positive);
        _zeros += other._zeros;
    }

    /// <summary>The value at <paramref name="rank"/> (from zero) of the sorted values.</summary>
    public double ValueAt(long rank)
    {
        long negative = _negative.Count();
        if (rank < negative)
            return -Middle(_negative.KeyAt(negative - 1 - rank));
        return rank < negative + _zeros ? 0 : Middle(_positive.KeyAt(rank - negative - _zeros));
    }

    private static int Key(double magnitude)
    {
        int exponent = -1023;
        if (!double.IsNormal(magnitude))
        {
            magnitude *= Normalizing;
            exponent -= NormalizingExponent;
        }

        long bits = BitConverter.DoubleToInt64Bits(magnitude);
        exponent += (int)(bits >> 52);
        double s = BitConverter.Int64BitsToDouble((bits & MantissaMask) | OneBits) - 1;
        return (int)Math.Floor((exponent + (((((A * s) + B) * s) + C) * s)) * KeysPerOctave);
    }

    // The harmonic mean of the borders is equally far from both, relatively: at most RelativeError. At the scale of the lower one, since
    // the upper one of the highest bucket is no double.
    private static double Middle(int key)
    {
        (double low, int exponent) = LowerBorder(key);
        (double high, int highExponent) = LowerBorder(key + 1);
        high = Math.ScaleB(high, highExponent - exponent);
        return Math.Min(Math.ScaleB(2 * low * high / (low + high), exponent), double.MaxValue);
    }

    private static (double Mantissa, int Exponent) LowerBorder(int key)
    {
        double y = key / KeysPerOctave;
        double exponent = Math.Floor(y);
        double target = y - exponent;
        double s = target;

        // Newton: P is nearly straight, four steps reach the last bit.
        for (int i = 0; i < 4; i++)
            s -= ((((((A * s) + B) * s) + C) * s) - target) / ((((3 * A * s) + (2 * B)) * s) + C);
        return (1 + s, (int)exponent);
    }

    /// <summary>Counts by key: near ones contiguous from the lowest key seen to the highest, far ones each by itself.</summary>
    private struct Buckets
    {
        private long[]? _counts;
        private int _lowestKey;
        private Dictionary<int, long>? _far;

        public void Add(int key, long count)
        {
            if (key < LowestNear || key > HighestNear)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(_far ??= [], key, out _) += count;
                return;
            }

            if (_counts is null || (uint)(key - _lowestKey) >= (uint)_counts.Length)
                Cover(key, key);
            _counts![key - _lowestKey] += count;
        }

        public void Add(in Buckets other)
        {
            foreach ((int key, long count) in other._far ?? [])
                Add(key, count);
            if (other._counts is null)
                return;

            int highest = other._lowestKey + other._counts.Length - 1;
            if (_counts is null || other._lowestKey < _lowestKey || highest >= _lowestKey + _counts.Length)
                Cover(other._lowestKey, highest);

            Span<long> target = _counts.AsSpan(other._lowestKey - _lowestKey, other._counts.Length);
            ReadOnlySpan<long> source = other._counts;
            int i = 0;
            for (; i <= source.Length - Vector<long>.Count; i += Vector<long>.Count)
                (new Vector<long>(target[i..]) + new Vector<long>(source[i..])).CopyTo(target[i..]);
            for (; i < source.Length; i++)
                target[i] += source[i];
        }

        public readonly long Count()
        {
            long count = 0;
            foreach (long near in _counts.AsSpan())
                count += near;
            foreach (long far in _far?.Values.AsEnumerable() ?? [])
                count += far;
            return count;
        }

        /// <summary>Returns the key of the value at a rank, from zero, in the order of the keys.</summary>
        /// <exception cref="ArgumentOutOfRangeException">There are fewer values.</exception>
        public readonly int KeyAt(long rank)
        {
            long left = rank;
            int[] far = _far is null ? [] : [.. _far.Keys.Order()];
            int next = 0;
            for (; next < far.Length && far[next] < LowestNear; next++)
            {
                if ((left -= _far![far[next]]) < 0)
                    return far[next];
            }

            for (int i = 0; i < (_counts?.Length ?? 0); i++)
            {
                if ((left -= _counts![i]) < 0)
                    return _lowestKey + i;
            }

            for (; next < far.Length; next++)
            {
                if ((left -= _far![far[next]]) < 0)
                    return far[next];
            }

            throw new ArgumentOutOfRangeException(nameof(rank), rank, "The rank must be less than the number of values.");
        }

        private void Cover(int low, int high)
        {
            if (_counts is null)
            {
                _lowestKey = low;
                _counts = new long[high - low + 1];
                return;
            }

            // Growth by whole steps: a drifting metric must not copy its buckets at each new key.
            const int Step = 32;
            int oldHigh = _lowestKey + _counts.Length - 1;
            int newLow = low < _lowestKey ? low - Step : _lowestKey;
            int newHigh = high > oldHigh ? high + Step : oldHigh;
            var grown = new long[newHigh - newLow + 1];
            _counts.CopyTo(grown, _lowestKey - newLow);
            _counts = grown;
            _lowestKey = newLow;
        }
    }
}
