using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace Afterimage.Monitoring.Settings;

/// <summary>Settings that a person wrote, from a JSON text or an <see cref="IConfiguration"/>. Errors are reported with the path of the
/// field.</summary>
/// <remarks>Keys are compared without regard to case and underscores: <c>cached_input</c> in a file is <c>CachedInput</c> in
/// appsettings.json.</remarks>
internal sealed class SettingsNode
{
    private readonly string _path;
    private readonly string? _value;
    private readonly Dictionary<string, SettingsNode> _children = new(StringComparer.Ordinal);
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    private SettingsNode(string path, string? value)
    {
        _path = path;
        _value = value;
    }

    /// <exception cref="FormatException"><paramref name="json"/> is not a JSON object.</exception>
    public static SettingsNode Of(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new FormatException("Settings must be a JSON object.");
        return Of("", json);
    }

    public static SettingsNode Of(IConfiguration configuration)
    {
        var node = new SettingsNode("", null);
        node.Take(configuration);
        return node;
    }

    public FormatException Wrong(string key, string rule) => new($"{PathOf(key)}: {rule}");

    /// <summary>Returns the nodes of a list, in order.</summary>
    public IReadOnlyList<SettingsNode> List(string key)
    {
        if (Find(key) is not { } list)
            return [];
        if (list._value is not null || list._children.Keys.Any(k => !IsIndex(k)))
            throw Wrong(key, "must be a list.");
        return [.. list._children.OrderBy(c => int.Parse(c.Key, CultureInfo.InvariantCulture)).Select(c => c.Value)];
    }

    /// <summary>Returns the values of a list of single values.</summary>
    public IReadOnlyList<string> Texts(string key) =>
        [.. List(key).Select(node => node._value ?? throw new FormatException($"{node._path}: must be a single value."))];

    /// <summary>Returns the settings under a key.</summary>
    public SettingsNode? Section(string key) =>
        Find(key) is { _value: not null } ? throw Wrong(key, "must contain settings, not a single value.") : Find(key);

    public string? Text(string key)
    {
        if (Find(key) is not { } node)
            return null;
        return node._value ?? throw Wrong(key, "must be a single value.");
    }

    public string RequiredText(string key) => Text(key) is { Length: > 0 } text ? text : throw Wrong(key, "is required.");

    public decimal? Decimal(string key) =>
        Parse<decimal>(
            key,
            "a number",
            (text, out value) => decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value));

    public double? Double(string key) => Parse<double>(key, "a number", (text, out value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value));

    public long? Whole(string key) =>
        Parse<long>(
            key,
            "a whole number",
            (text, out value) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value));

    /// <summary>Returns a time, given as a number of seconds or as <c>[d.]hh:mm:ss</c>.</summary>
    public TimeSpan? Time(string key) => Parse<TimeSpan>(key, "a time such as 300 (seconds) or 00:05:00", (text, out value) =>
    {
        if (text.Contains(':', StringComparison.Ordinal))
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value);

        value = default;
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) || !(Math.Abs(seconds) < 1e11))
            return false;
        value = TimeSpan.FromSeconds(seconds);
        return true;
    });

    /// <summary>Returns one of the names of an enumeration, compared like a key.</summary>
    public T? Choice<T>(string key)
        where T : struct, Enum
    {
        return Parse<T>(key, $"one of {string.Join(", ", Enum.GetNames<T>())}", (text, out value) =>
        {
            foreach (T choice in Enum.GetValues<T>())
            {
                if (Normal(choice.ToString()) != Normal(text))
                    continue;
                value = choice;
                return true;
            }

            value = default;
            return false;
        });
    }

    /// <summary>Rejects keys that have not been read: a mistyped key would otherwise be a setting without effect.</summary>
    /// <exception cref="FormatException">There is such a key.</exception>
    public void RefuseOthers()
    {
        foreach ((string key, SettingsNode child) in _children)
        {
            if (!_known.Contains(key))
                throw new FormatException($"{child._path}: there is no such setting.");
        }
    }

    private static SettingsNode Of(string path, JsonElement json)
    {
        var node = new SettingsNode(path, json.ValueKind switch
        {
            JsonValueKind.Object or JsonValueKind.Array => null,
            JsonValueKind.String => json.GetString(),
            JsonValueKind.Null => "",
            _ => json.GetRawText(),
        });
        if (json.ValueKind == JsonValueKind.Object)
        {
            // Two keys that differ may still be equal by the comparison of keys.
            foreach (JsonProperty property in json.EnumerateObject())
            {
                SettingsNode child = Of(node.PathOf(property.Name), property.Value);
                if (!node._children.TryAdd(Normal(property.Name), child))
                    throw new FormatException($"{child._path}: must not occur twice.");
            }
        }
        else if (json.ValueKind == JsonValueKind.Array)
        {
            int index = 0;
            foreach (JsonElement element in json.EnumerateArray())
                node._children[index.ToString(CultureInfo.InvariantCulture)] = Of($"{path}[{index++}]", element);
        }

        return node;
    }

    private void Take(IConfiguration configuration)
    {
        foreach (IConfigurationSection section in configuration.GetChildren())
        {
            var child = new SettingsNode(IsIndex(section.Key) ? $"{_path}[{section.Key}]" : PathOf(section.Key), section.Value);
            child.Take(section);
            _children[Normal(section.Key)] = child;
        }
    }

    private string PathOf(string key) => _path.Length == 0 ? key : $"{_path}.{key}";

    private SettingsNode? Find(string key)
    {
        _known.Add(Normal(key));
        return _children.GetValueOrDefault(Normal(key)) is { _value: not "" } node ? node : null;
    }

    private static bool IsIndex(string key) => int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static string Normal(string key) => key.Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();

    private T? Parse<T>(string key, string kind, TryParse<T> tryParse)
        where T : struct
    {
        if (Text(key) is not { } text)
            return null;
        return tryParse(text, out T value) ? value : throw Wrong(key, $"must be {kind}, not '{text}'.");
    }

    private delegate bool TryParse<T>(string text, out T value);
}
