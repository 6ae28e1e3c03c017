using System.Diagnostics.CodeAnalysis;
using Afterimage.Monitoring.Reporting.Snapshots;

namespace Afterimage.Monitoring;

/// <summary>The key by which a summary groups calls: one of their properties, or one of their tags.</summary>
public sealed record SummaryKey
{
    private const string TagPrefix = "tag:";

    private SummaryKey(string name, string sql)
    {
        Name = name;
        Sql = sql;
    }

    /// <summary>Groups calls by the model that answered.</summary>
    public static SummaryKey Model { get; } = new("model", "model_name");

    /// <summary>Groups calls by provider.</summary>
    public static SummaryKey Provider { get; } = new("provider", "provider");

    /// <summary>Groups calls by finish reason. Evaluations have none.</summary>
    public static SummaryKey FinishReason { get; } = new("finish_reason", "finish_reason");

    /// <summary>The name of the key, as accepted by <see cref="Parse"/>.</summary>
    public string Name { get; }

    /// <summary>The SQL expression for the key of a record of <c>calls</c>.</summary>
    internal string Sql { get; }

    /// <summary>The key of the tag; null if the key is not a tag.</summary>
    internal string? TagKey { get; private init; }

    /// <summary>Creates a key for a tag.</summary>
    /// <param name="key">The key of the tag.</param>
    /// <returns>The key.</returns>
    /// <exception cref="ArgumentException"><paramref name="key"/> is null or empty.</exception>
    public static SummaryKey Tag(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);

        // A pointer rather than a path, because a tag's key may contain any character that has a meaning in a path.
        string pointer = "/" + key.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
        return new SummaryKey(TagPrefix + key, $"json_extract_string(tags, {LogSnapshot.Quote(pointer)})") { TagKey = key };
    }

    /// <summary>Reads a key: <c>model</c>, <c>provider</c>, <c>finish_reason</c> or <c>tag:KEY</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="key">The key, if <paramref name="text"/> is one.</param>
    /// <returns><see langword="true"/> if <paramref name="text"/> is a key; otherwise, <see langword="false"/>.</returns>
    public static bool TryParse(string? text, [NotNullWhen(true)] out SummaryKey? key)
    {
        key = text switch
        {
            "model" => Model,
            "provider" => Provider,
            "finish_reason" => FinishReason,
            { Length: > 4 } when text.StartsWith(TagPrefix, StringComparison.Ordinal) => Tag(text[TagPrefix.Length..]),
            _ => null,
        };
        return key is not null;
    }

    /// <summary>Reads a key: <c>model</c>, <c>provider</c>, <c>finish_reason</c> or <c>tag:KEY</c>.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The key.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="text"/> is <see langword="null"/>.</exception>
    /// <exception cref="FormatException"><paramref name="text"/> is not a key.</exception>
    public static SummaryKey Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out SummaryKey? key)
            ? key
            : throw new FormatException($"'{text}' must be model, provider, finish_reason or tag:KEY.");
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
