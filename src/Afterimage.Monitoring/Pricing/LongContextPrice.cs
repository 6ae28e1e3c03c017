using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring;

/// <summary>What calls with long prompts cost.</summary>
/// <param name="AbovePromptTokens">Calls whose prompt has more tokens than this are charged at <paramref name="Price"/>. Not
/// negative.</param>
/// <param name="Price">The prices of the tier. Its own <see cref="ModelPrice.LongContext"/> is not looked at.</param>
public sealed record LongContextPrice(long AbovePromptTokens, ModelPrice Price);
