namespace Afterimage.Monitoring;

/// <summary>How the files of the log directory grow, are rotated and are deleted. It holds for <c>metrics.jsonl</c>, <c>afterimage.log</c>
/// and <c>alerts.jsonl</c> alike.</summary>
/// <remarks>
/// A file that is full is finished and never touched again; the next is named with a number: <c>metrics.jsonl</c>,
/// <c>metrics-000001.jsonl</c>, <c>metrics-000002.jsonl</c>. No file is ever renamed. Nothing is deleted unless <see cref="MaxTotalSize"/>
/// is set.
/// </remarks>
public sealed class LogFileOptions
{
    /// <summary>A file is finished before it would grow past this. Default: 1 GiB. At least 4,096 bytes; a single write that is larger has
    /// a file of its own.</summary>
    public long MaxFileSize { get; set; } = 1L << 30;

    /// <summary>A file is finished at the first write after this time since it was opened. Default: <see langword="null"/>, never by age.
    /// More than zero.</summary>
    public TimeSpan? MaxFileAge { get; set; }

    /// <summary>What the files of one kind may take together. When one is finished, the oldest finished ones are deleted until there is
    /// room for another of <see cref="MaxFileSize"/>. Default: <see langword="null"/>, nothing is deleted. At least
    /// <see cref="MaxFileSize"/>.</summary>
    public long? MaxTotalSize { get; set; }

    /// <summary>How long a finished file is kept for readers, whatever the total size. Default: 1 hour. Not negative.</summary>
    public TimeSpan MinRetention { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Characters that the texts and tags of a record, or of a log entry, may have together in a line. Of a record that has more,
    /// the longest are cut and end with <c>… [cut: N characters]</c>, N being the length of the whole text. Handlers are given texts uncut.
    /// Default: 1,048,576. 1,024 to 2,097,152: readers pass over lines of more than 16 MiB.</summary>
    public int MaxTextLength { get; set; } = 1 << 20;

    /// <summary>What a flush makes records survive. Default: <see cref="Durability.Buffered"/>.</summary>
    public Durability Durability { get; set; } = Durability.Buffered;

    internal LogFileOptions Copy() => (LogFileOptions)MemberwiseClone();

    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    internal void Validate()
    {
        Require(MaxFileSize >= 4096, "MaxFileSize must be at least 4,096 bytes.", MaxFileSize, nameof(MaxFileSize));
        Require(
            MaxFileAge is null || MaxFileAge > TimeSpan.Zero,
            "MaxFileAge must be greater than zero.",
            MaxFileAge,
            nameof(MaxFileAge));
        Require(
            MaxTotalSize is null || MaxTotalSize >= MaxFileSize,
            "MaxTotalSize must be at least MaxFileSize.",
            MaxTotalSize,
            nameof(MaxTotalSize));
        Require(
            MaxTextLength is >= 1024 and <= 2 << 20,
            "MaxTextLength must be from 1,024 to 2,097,152 characters.",
            MaxTextLength,
            nameof(MaxTextLength));
        Require(MinRetention >= TimeSpan.Zero, "MinRetention must not be negative.", MinRetention, nameof(MinRetention));
        Require(Enum.IsDefined(Durability), "Durability must be Buffered or Synced.", Durability, nameof(Durability));

        static void Require(bool condition, string rule, object? value, string setting)
        {
            if (!condition)
                throw new ArgumentOutOfRangeException(setting, value, rule);
        }
    }
}
