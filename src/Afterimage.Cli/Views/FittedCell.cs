using Spectre.Console;

namespace Afterimage.Cli.Views;

/// <summary>A cell of a <see cref="FittedTable"/>.</summary>
/// <param name="Text">The text of the cell, on one line.</param>
/// <param name="Style">The style of the cell.</param>
internal readonly record struct FittedCell(string Text, Style? Style = null);
