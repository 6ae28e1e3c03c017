namespace Afterimage.Cli.Views;

/// <summary>A model of a log that has no price.</summary>
/// <param name="ModelName">The model that answered; null: nobody says which.</param>
/// <param name="RequestModel">The model that was asked for, where it is another.</param>
/// <param name="Calls">Generations and evaluations with it.</param>
/// <param name="TotalTokenCount">Their tokens.</param>
internal sealed record UnpricedModel(string? ModelName, string? RequestModel, long Calls, long TotalTokenCount);
