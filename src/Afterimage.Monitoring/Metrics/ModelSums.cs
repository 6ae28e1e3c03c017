using System.Runtime.InteropServices;
using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Metrics;

/// <summary>Sums by model id.</summary>
internal sealed class ModelSums
{
    private readonly Dictionary<int, double> _sums = [];

    public int Count => _sums.Count;

    public Dictionary<int, double>.Enumerator GetEnumerator() => _sums.GetEnumerator();

    /// <summary>The model that a point counts under: without one, "unknown".</summary>
    public static int Key(int modelId) => modelId == NameTable.None ? Names.UnknownModel : modelId;

    public void Add(int modelId, double value) => CollectionsMarshal.GetValueRefOrAddDefault(_sums, Key(modelId), out _) += value;

    public void Add(ModelSums other)
    {
        foreach ((int modelId, double sum) in other)
            Add(modelId, sum);
    }
}
