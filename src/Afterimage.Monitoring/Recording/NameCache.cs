using System.Runtime.CompilerServices;
using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring.Recording;

/// <summary>The ids of the names that one thread gave lately. For that thread only.</summary>
/// <remarks>A struct, with its entries in place: a call is on its way through a chain of loads, and each link of that costs it a
/// nanosecond.</remarks>
internal struct NameCache(NameTable table)
{
    private const int Size = 16;

    // Most calls give the name that the call before gave.
    private Entry _last = new(null, NameTable.None);
    private Entries _entries;

    /// <summary>The id of <paramref name="name"/>; of null or an empty one, <see cref="NameTable.None"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Id(string? name) => ReferenceEquals(_last.Name, name) ? _last.Id : Find(name);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int Find(string? name)
    {
        if (string.IsNullOrEmpty(name))
            return NameTable.None;

        // By content: names that come out of parsed responses are new strings every time.
        ref Entry entry = ref _entries[((name.Length * 7) + name[0] + (name[^1] * 3)) & (Size - 1)];
        if (!string.Equals(entry.Name, name))
            entry = new Entry(name, table.GetOrAdd(name));
        _last = new Entry(name, entry.Id);
        return entry.Id;
    }

    private readonly record struct Entry(string? Name, int Id);

    [InlineArray(Size)]
    private struct Entries
    {
        private Entry _first;
    }
}
