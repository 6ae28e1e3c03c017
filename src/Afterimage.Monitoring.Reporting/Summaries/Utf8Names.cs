using System.Diagnostics.CodeAnalysis;
using System.Text;
using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring.Reporting.Summaries;

/// <summary>Values by name. A name in UTF-8 is looked up without creating a string.</summary>
/// <param name="limit">The names that have values of their own. The others share one.</param>
internal sealed class Utf8Names<T>(NameLimit limit)
    where T : class
{
    private readonly Dictionary<byte[], T> _values = new(Utf8NameComparer.Instance);

    public IEnumerable<(string Name, T Value)> All => _values.Select(pair => (Encoding.UTF8.GetString(pair.Key), pair.Value));

    public T GetOrAdd(ReadOnlySpan<byte> name, Func<T> create)
    {
        if (_values.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out T? value))
            return value;

        byte[] key = limit.Admit(name);
        if (!_values.TryGetValue(key, out value))
            _values.Add(key, value = create());
        return value;
    }

    public T GetOrAdd(string name, Func<T> create) => GetOrAdd(Encoding.UTF8.GetBytes(name), create);

    public bool TryGet(string name, [MaybeNullWhen(false)] out T value) => _values.TryGetValue(Encoding.UTF8.GetBytes(name), out value);

    /// <summary>Combines a value with the one of the same name or, if there is none, makes it that one. The limit does not apply.</summary>
    public void Take(string name, T value, Action<T, T> take) => Take(Encoding.UTF8.GetBytes(name), value, take);

    /// <summary>Does so with each value of another instance, which must not be used afterwards.</summary>
    public void Take(Utf8Names<T> other, Action<T, T> take)
    {
        foreach ((byte[] name, T value) in other._values)
            Take(name, value, take);
    }

    private void Take(byte[] name, T value, Action<T, T> take)
    {
        if (_values.TryGetValue(name, out T? mine))
            take(mine, value);
        else
            _values.Add(name, value);
    }
}
