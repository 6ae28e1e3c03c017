namespace Afterimage.Monitoring;

/// <summary>One model in two runs.</summary>
public sealed record ModelComparison
{
    /// <summary>The model; <c>unknown</c> for calls without one.</summary>
    public required string ModelName { get; init; }

    /// <summary>The first run's use of it; <see langword="null"/> where there was none.</summary>
    public ModelUse? A { get; init; }

    /// <summary>The second run's use of it; <see langword="null"/> where there was none.</summary>
    public ModelUse? B { get; init; }
}
