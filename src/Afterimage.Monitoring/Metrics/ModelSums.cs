using System.Runtime.InteropServices;
using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Metrics;

/// <summary>Sums by model id.</summary>
internal sealed class ModelSums
{
    private readonly Dictionary<int, double> _sums = [];

    public int Count => _sums.Count;

    public Dictionary<int, double>.Enumerator GetEnumerator() => _sums.GetEnumerator();

    public void Add(int modelId, double value)
    {
        // Tokens without a model count under "unknown".
        int id = modelId == NameTable.None ? Names.UnknownModel : modelId;
        CollectionsMarshal.GetValueRefOrAddDefault(_sums, id, out _) += value;
    }

    public void Add(ModelSums other)
    {
        foreach ((int modelId, double sum) in other)
            Add(modelId, sum);
    }
}
