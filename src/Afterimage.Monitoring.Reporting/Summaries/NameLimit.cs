using System.Text;
using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring.Reporting.Summaries;

/// <summary>The names of one kind that have figures of their own. Thread-safe: all threads that read share it, so that a name has either
/// all of its records or none.</summary>
/// <param name="limit">How many names there may be. The first ones that are read are admitted.</param>
internal sealed class NameLimit(int limit)
{
    /// <summary>No more bytes of names are kept: a log may give long texts as names.</summary>
    public const int MaxBytes = 32 << 20;

    private static readonly byte[] Overflow = Encoding.UTF8.GetBytes(GenerationMonitorOptions.OverflowName);

    private readonly Lock _gate = new();
    private readonly HashSet<byte[]> _names = new(Utf8NameComparer.Instance);
    private int _bytes;

    /// <summary>Whether there were more names.</summary>
    public bool IsExceeded { get; private set; }

    /// <summary>The names that were admitted. Must only be used when nothing is read any more.</summary>
    public IEnumerable<string> Names => _names.Select(Encoding.UTF8.GetString);

    /// <summary>Returns the name under which a name counts: itself or <see cref="GenerationMonitorOptions.OverflowName"/>.</summary>
    public byte[] Admit(ReadOnlySpan<byte> name)
    {
        lock (_gate)
        {
            HashSet<byte[]>.AlternateLookup<ReadOnlySpan<byte>> names = _names.GetAlternateLookup<ReadOnlySpan<byte>>();
            if (names.TryGetValue(name, out byte[]? known))
                return known;
            if (name.SequenceEqual(Overflow))
                return Overflow;
            if (_names.Count >= limit || name.Length > MaxBytes - _bytes)
            {
                IsExceeded = true;
                return Overflow;
            }

            byte[] key = name.ToArray();
            _names.Add(key);
            _bytes += key.Length;
            return key;
        }
    }
}

/// <summary>The names of all kinds that have figures of their own in the summaries that are shown together.</summary>
/// <param name="limit">How many names there may be of each kind.</param>
internal sealed class NameLimits(int limit = NameLimits.DefaultLimit)
{
    /// <summary>The highest <see cref="GenerationMonitorOptions.CardinalityLimit"/>: no run has more names in its own figures.</summary>
    public const int DefaultLimit = 100_000;

    /// <summary>Metrics that were recorded one by one.</summary>
    public NameLimit Metrics { get; } = new(limit);

    public NameLimit Scores { get; } = new(limit);

    public NameLimit Models { get; } = new(limit);

    public NameLimit FinishReasons { get; } = new(limit);
}
