using System.Collections.Concurrent;

namespace Afterimage.Monitoring.Recording;

/// <summary>Assigns small IDs to recurring names, up to a limit. Names past it share <see cref="Overflow"/>.</summary>
/// <remarks>All members are thread-safe. A name keeps its ID for the lifetime of the table.</remarks>
internal sealed class NameTable
{
    /// <summary>The ID of a name that was not given.</summary>
    public const int None = 0;

    /// <summary>The ID of all names past the limit.</summary>
    public const int Overflow = 1;

    // A longer name is really a text that was given as a name: it is kept with its record, not for the lifetime of the monitor.
    private const int MaxLength = 1024;

    private readonly ConcurrentDictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Lock _growth = new();
    private volatile string[] _names = new string[16];
    private int _count = 2;
    private int _room;

    public NameTable(int limit)
    {
        _room = limit;
        _names[None] = "";
        _names[Overflow] = GenerationMonitorOptions.OverflowName;
    }

    public string this[int id] => _names[id];

    /// <summary>Returns the ID of <paramref name="name"/>, or <see cref="Overflow"/> if the table is full or the name is too
    /// long.</summary>
    public int GetOrAdd(string name) => _ids.TryGetValue(name, out int id) ? id : Add(name, limited: true);

    /// <summary>Like <see cref="GetOrAdd"/>, but for names whose number is bounded elsewhere: they do not count towards the
    /// limit.</summary>
    public int GetOrAddUnlimited(string name) => _ids.TryGetValue(name, out int id) ? id : Add(name, limited: false);

    public bool TryGet(string name, out int id)
    {
        if (name == GenerationMonitorOptions.OverflowName)
        {
            id = Overflow;
            return true;
        }

        return _ids.TryGetValue(name, out id);
    }

    private int Add(string name, bool limited)
    {
        lock (_growth)
        {
            if (_ids.TryGetValue(name, out int id))
                return id;
            if (name == GenerationMonitorOptions.OverflowName || (limited && (_room == 0 || name.Length > MaxLength)))
                return Overflow;

            id = _count++;
            if (limited)
                _room--;
            string[] names = _names;
            if (id >= names.Length)
                Array.Resize(ref names, names.Length * 2);
            names[id] = name;
            _names = names;
            _ids[name] = id;
            return id;
        }
    }
}
