using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring.Metrics;

/// <summary>What a window's quantiles are computed from: merged at the first question, so that who asks for none pays for none.</summary>
internal sealed class QuantileSource(List<Block> blocks, List<ReadOnlyMemory<double>> edges)
{
    private QuantileSketch? _merged;

    public double ValueAt(long rank)
    {
        QuantileSketch? merged = Volatile.Read(ref _merged);
        if (merged is null)
        {
            merged = new QuantileSketch();
            foreach (Block block in blocks)
                merged.Merge(block.Sketch);
            foreach (ReadOnlyMemory<double> edge in edges)
                merged.Add(edge.Span);

            // Two threads may both merge: they get the same.
            Volatile.Write(ref _merged, merged);
        }

        return merged.ValueAt(rank);
    }
}
