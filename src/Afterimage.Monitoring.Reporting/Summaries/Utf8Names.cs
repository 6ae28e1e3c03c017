using System.Text;
using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring.Reporting.Summaries;

/// <summary>Values by name. A name in UTF-8 is looked up without creating a string.</summary>
internal sealed class Utf8Names<T>
    where T : class
{
    private readonly Dictionary<byte[], T> _values = new(Utf8NameComparer.Instance);
    private readonly Dictionary<byte[], T>.AlternateLookup<ReadOnlySpan<byte>> _byBytes;

    public Utf8Names() => _byBytes = _values.GetAlternateLookup<ReadOnlySpan<byte>>();

    public IEnumerable<(string Name, T Value)> All => _values.Select(pair => (Encoding.UTF8.GetString(pair.Key), pair.Value));

    public T GetOrAdd(ReadOnlySpan<byte> name, Func<T> create)
    {
        if (!_byBytes.TryGetValue(name, out T? value))
            _byBytes[name] = value = create();
        return value;
    }

    public T GetOrAdd(string name, Func<T> create) => GetOrAdd(Encoding.UTF8.GetBytes(name), create);

    /// <summary>Combines each value of another instance with the value of the same name here.</summary>
    public void Take(Utf8Names<T> other, Func<T> create, Action<T, T> take)
    {
        foreach ((byte[] name, T value) in other._values)
            take(GetOrAdd(name, create), value);
    }
}
