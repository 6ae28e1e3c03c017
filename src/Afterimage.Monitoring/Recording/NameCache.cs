using System.Runtime.CompilerServices;

namespace Afterimage.Monitoring.Recording;

/// <summary>The IDs of the names that one thread used recently. Must only be used by that thread.</summary>
/// <remarks>A struct with its entries inline: a call goes through a chain of memory loads, each of which costs it a nanosecond.</remarks>
internal struct NameCache(NameTable table)
{
    private const int Size = 16;

    // Most calls use the same name as the call before.
    private Entry _last = new(null, NameTable.None);
    private Entries _entries;

    /// <summary>Returns the ID of <paramref name="name"/>; for null or an empty name, <see cref="NameTable.None"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Id(string? name) => ReferenceEquals(_last.Name, name) ? _last.Id : Find(name);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int Find(string? name)
    {
        if (string.IsNullOrEmpty(name))
            return NameTable.None;

        // Compared by content: names from parsed responses are new strings every time.
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
