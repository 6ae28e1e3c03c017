namespace Afterimage.Monitoring.Alerts;

/// <summary>The CUSUM of <see cref="AlertAggregate.Drift"/>.</summary>
internal sealed class DriftDetector(AlertRule rule)
{
    private const double Reference = 0.5;

    private readonly double _sign = rule.Comparison == AlertComparison.Above ? 1 : -1;
    private readonly double[] _baseline = new double[rule.BaselineCount];
    private double[]? _scores;
    private int _baselineCount;

    /// <summary>The CUSUM, in standard deviations; null until the baseline is complete.</summary>
    public double? Value { get; private set; }

    public void Add(ReadOnlySpan<double> points)
    {
        foreach (double point in points)
        {
            if (_scores is not null)
                Value = Math.Clamp(Value!.Value + (_sign * Score(point)) - Reference, 0, 2 * rule.Threshold);
            else
                AddToBaseline(point);
        }
    }

    private void AddToBaseline(double point)
    {
        _baseline[_baselineCount++] = point;
        if (_baselineCount < _baseline.Length)
            return;

        Array.Sort(_baseline);
        _scores = new double[_baseline.Length + 1];
        for (int rank = 0; rank < _scores.Length; rank++)
            _scores[rank] = Statistics.NormalQuantile((rank + 0.5) / _scores.Length);
        Value = 0;
    }

    // If the baseline has a value several times, the middle of its ranks counts.
    private double Score(double point)
    {
        int below = FirstIndex(v => v >= point);
        int notAbove = FirstIndex(v => v > point);
        return (_scores![below] + _scores[notAbove]) / 2;
    }

    private int FirstIndex(Func<double, bool> isReached)
    {
        int low = 0;
        int high = _baseline.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (isReached(_baseline[middle]))
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }
}
