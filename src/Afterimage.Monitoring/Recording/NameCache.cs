using System.Runtime.CompilerServices;

namespace Afterimage.Monitoring.Recording;

/// <summary>The ids of the names that one thread gave lately. For that thread only.</summary>
/// <remarks>A struct, with its entries in place: a call is on its way through a chain of loads, and each link of that costs it a nanosecond.</remarks>
internal struct NameCache(NameTable table)
{
    private const int Size = 16;

    private Entries _entries;

    /// <summary>The id of <paramref name="name"/>; of null or an empty one, <see cref="NameTable.None"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Id(string? name)
    {
        if (string.IsNullOrEmpty(name))
            return NameTable.None;

        ref Entry entry = ref _entries[((name.Length * 7) + name[0] + (name[^1] * 3)) & (Size - 1)];
        return ReferenceEquals(entry.Name, name) ? entry.Id : Find(ref entry, name);
    }

    // By content: names that come out of parsed responses are new strings every time.
    private readonly int Find(ref Entry entry, string name)
    {
        if (!string.Equals(entry.Name, name))
            entry = new Entry(name, table.GetOrAdd(name));
        return entry.Id;
    }

    private readonly record struct Entry(string? Name, int Id);

    [InlineArray(Size)]
    private struct Entries
    {
        private Entry _first;
    }
}
