using Spectre.Console;

namespace Afterimage.Cli.Views;

/// <summary>A cell of a <see cref="FittedTable"/>.</summary>
/// <param name="Text">Its text, on one line.</param>
/// <param name="Style">Its look.</param>
internal readonly record struct FittedCell(string Text, Style? Style = null);
