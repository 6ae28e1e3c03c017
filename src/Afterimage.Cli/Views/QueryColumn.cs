namespace Afterimage.Cli.Views;

/// <summary>A column of the rows of a query.</summary>
/// <param name="Name">The name of the column.</param>
/// <param name="IsText">Whether its values are text, which is aligned to the left.</param>
/// <param name="IsJson">Whether its texts are JSON.</param>
internal sealed record QueryColumn(string Name, bool IsText, bool IsJson);
