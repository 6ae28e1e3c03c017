namespace Afterimage.Cli.Views;

/// <summary>A model of a log that has no price.</summary>
/// <param name="ModelName">The model that answered; null: unknown.</param>
/// <param name="RequestModel">The model that was requested, if it is another.</param>
/// <param name="Calls">The number of generations and evaluations with the model.</param>
/// <param name="TotalTokenCount">The total tokens of these calls.</param>
internal sealed record UnpricedModel(string? ModelName, string? RequestModel, long Calls, long TotalTokenCount);
