using System.Numerics;
using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring.Metrics;

/// <summary>
/// A mergeable quantile sketch with a relative error of at most 1 % at any quantile, for values of either sign with a magnitude of 1e-9 to
/// 1e12. Smaller magnitudes count as zero, larger ones as the largest bucket.
/// </summary>
/// <remarks>
/// DDSketch (Masson, Rim, Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees", VLDB 2019): buckets
/// whose borders grow by a factor gamma = (1 + a) / (1 - a). The logarithm is the paper's cubic interpolation between powers of two: within
/// 1 % of the number of buckets that an exact logarithm needs, at a fraction of its time.
/// </remarks>
internal sealed class QuantileSketch
{
    public const double RelativeError = 0.01;
    public const double MinMagnitude = 1e-9;
    public const double MaxMagnitude = 1e12;

    // P(s) = A s^3 + B s^2 + C s maps the mantissa's [0, 1) on [0, 1) with P'(s) (1 + s) >= 10/7: the slope of log2 times at least (10/7)
    // ln 2.
    private const double A = 6.0 / 35.0;
    private const double B = -3.0 / 5.0;
    private const double C = 10.0 / 7.0;
    private const long MantissaMask = 0xF_FFFF_FFFF_FFFF;
    private const long OneBits = 0x3FF0_0000_0000_0000;

    private static readonly double KeysPerOctave = 0.7 / Math.Log((1 + RelativeError) / (1 - RelativeError));
    private static readonly int MaxKey = Key(MaxMagnitude);

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
        if (value >= MinMagnitude)
            _positive.Add(Math.Min(Key(value), MaxKey), count);
        else if (value <= -MinMagnitude)
            _negative.Add(Math.Min(Key(-value), MaxKey), count);
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
        long left = rank;
        for (int i = _negative.Length - 1; i >= 0; i--)
        {
            left -= _negative.CountAt(i);
            if (left < 0)
                return -Middle(_negative.KeyAt(i));
        }

        left -= _zeros;
        if (left < 0)
            return 0;

        for (int i = 0; i < _positive.Length; i++)
        {
            left -= _positive.CountAt(i);
            if (left < 0)
                return Middle(_positive.KeyAt(i));
        }

        throw new ArgumentOutOfRangeException(nameof(rank), rank, "The sketch holds fewer values.");
    }

    private static int Key(double magnitude)
    {
        long bits = BitConverter.DoubleToInt64Bits(magnitude);
        int exponent = (int)(bits >> 52) - 1023;
        double s = BitConverter.Int64BitsToDouble((bits & MantissaMask) | OneBits) - 1;
        return (int)Math.Floor((exponent + (((((A * s) + B) * s) + C) * s)) * KeysPerOctave);
    }

    // The harmonic mean of the borders is equally far from both, relatively: at most RelativeError.
    private static double Middle(int key)
    {
        double low = LowerBorder(key);
        double high = LowerBorder(key + 1);
        return 2 * low * high / (low + high);
    }

    private static double LowerBorder(int key)
    {
        double y = key / KeysPerOctave;
        double exponent = Math.Floor(y);
        double target = y - exponent;
        double s = target;

        // Newton: P is nearly straight, four steps reach the last bit.
        for (int i = 0; i < 4; i++)
            s -= ((((((A * s) + B) * s) + C) * s) - target) / ((((3 * A * s) + (2 * B)) * s) + C);
        return Math.ScaleB(1 + s, (int)exponent);
    }

    /// <summary>Counts by key, contiguous from the lowest key seen to the highest.</summary>
    private struct Buckets
    {
        private long[]? _counts;
        private int _lowestKey;

        public readonly int Length => _counts?.Length ?? 0;

        public readonly long CountAt(int index) => _counts![index];

        public readonly int KeyAt(int index) => _lowestKey + index;

        public void Add(int key, long count)
        {
            if (_counts is null || (uint)(key - _lowestKey) >= (uint)_counts.Length)
                Cover(key, key);
            _counts![key - _lowestKey] += count;
        }

        public void Add(in Buckets other)
        {
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
