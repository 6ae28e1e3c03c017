using Spectre.Console;
using Spectre.Console.Rendering;

namespace Afterimage.Cli.Views;

/// <summary>A table that leaves out columns if the terminal is too narrow, because a number that is broken in two is misread.</summary>
/// <param name="columns">The titles of the columns and their priorities. Columns with the lowest number are left out first, together; a
/// column with 0 always stays.</param>
internal sealed class FittedTable(params IReadOnlyList<(string Title, int Keep)> columns) : IRenderable
{
    private const int MinName = 8;

    private readonly List<FittedCell[]> _rows = [];

    /// <summary>Further columns of text, in addition to the first. They are left-aligned.</summary>
    public IReadOnlyCollection<int> TextColumns { get; init; } = [];

    /// <summary>The text below the table.</summary>
    public string? Caption { get; set; }

    public void AddRow(params FittedCell[] cells) => _rows.Add(cells);

    public void AddRow(IEnumerable<string> cells, Style? style = null) =>
        _rows.Add([.. cells.Select(cell => new FittedCell(cell, style))]);

    public Measurement Measure(RenderOptions options, int maxWidth) => ((IRenderable)Build(maxWidth)).Measure(options, maxWidth);

    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => ((IRenderable)Build(maxWidth)).Render(options, maxWidth);

    private Table Build(int width)
    {
        List<int> shown = [.. Enumerable.Range(0, columns.Count)];
        while (shown.Sum(WidthOf) > width && shown.Where(column => columns[column].Keep > 0).ToArray() is { Length: > 0 } droppable)
        {
            int least = droppable.Min(column => columns[column].Keep);
            shown.RemoveAll(column => columns[column].Keep == least);
        }

        int name = Math.Max(MinName, ContentWidth(0) - Math.Max(0, shown.Sum(WidthOf) - width));
        Table table = Tables.Create([.. shown.Select(column => columns[column].Title)]);
        for (int i = 0; i < shown.Count; i++)
        {
            if (TextColumns.Contains(shown[i]))
                table.Columns[i].Alignment = Justify.Left;
        }

        foreach (FittedCell[] cells in _rows)
        {
            table.AddRow(
                shown.Select(column =>
                    new Text(column == 0 ? Format.Name(cells[0].Text, name) : cells[column].Text, cells[column].Style)));
        }


        string[] left = [.. columns.Where((_, i) => !shown.Contains(i)).Select(column => column.Title)];
        string[] notes =
        [
            .. Caption is null ? [] : new[] { Caption },
            .. left.Length == 0 ? [] : new[] { $"too narrow for: {string.Join(", ", left)}" },
        ];
        if (notes.Length > 0)
            table.Caption = new TableTitle(string.Join("; ", notes), new Style(Color.Grey));
        return table;
    }

    // Includes the space before the column; for the first column, the space at both borders.
    private int WidthOf(int column) => ContentWidth(column) + 2;

    private int ContentWidth(int column) =>
        _rows.Select(row => row[column].Text).Append(columns[column].Title).Max(text => text.GetCellWidth());
}
