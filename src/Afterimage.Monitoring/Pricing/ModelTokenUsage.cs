namespace Afterimage.Monitoring;

/// <summary>The tokens used by one model.</summary>
public sealed record ModelTokenUsage
{
    /// <summary>The model; <c>unknown</c> for calls without one, <see cref="GenerationMonitorOptions.OverflowName"/> for models past the
    /// cardinality limit.</summary>
    public required string ModelName { get; init; }

    /// <summary>Prompt tokens.</summary>
    public required long PromptTokens { get; init; }

    /// <summary>Completion tokens.</summary>
    public required long CompletionTokens { get; init; }

    /// <summary>Total tokens: the total given for each call or, if none was given, the sum of its prompt and completion tokens.</summary>
    public required long TotalTokens { get; init; }
}
