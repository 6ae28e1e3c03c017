namespace Afterimage.Monitoring.Metrics;

/// <summary>Bounds the raw points of a set of series: the oldest go first.</summary>
internal sealed class Retention(int maxPoints)
{
    private readonly Queue<(Series Series, Block Leaf)> _retained = new();
    private long _points;

    /// <summary>Notes that a series has finished a block.</summary>
    public void Add(Series series, Block leaf)
    {
        _retained.Enqueue((series, leaf));
        _points += leaf.Summary.Count;
        while (_points > maxPoints)
        {
            (Series oldestSeries, Block oldest) = _retained.Dequeue();
            _points -= oldest.Summary.Count;
            oldestSeries.DropRaw(oldest);
        }
    }
}
