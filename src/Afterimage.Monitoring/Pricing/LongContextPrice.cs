namespace Afterimage.Monitoring;

/// <summary>The prices of calls with long prompts.</summary>
public sealed record LongContextPrice
{
    /// <summary>The prompt length, in tokens, above which calls are charged at <see cref="Price"/>. Must not be negative.</summary>
    public required long AbovePromptTokenCount { get; init; }

    /// <summary>The prices of the tier. Its own <see cref="ModelPrice.LongContext"/> is ignored.</summary>
    public required ModelPrice Price { get; init; }
}
