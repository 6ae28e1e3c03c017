using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring;

/// <summary>What calls with long prompts cost.</summary>
public sealed record LongContextPrice
{
    /// <summary>Calls whose prompt has more tokens than this are charged at <see cref="Price"/>. Must not be negative.</summary>
    public required long AbovePromptTokenCount { get; init; }

    /// <summary>The prices of the tier. Its own <see cref="ModelPrice.LongContext"/> is not looked at.</summary>
    public required ModelPrice Price { get; init; }
}
