namespace Afterimage.Monitoring.Reporting.Reports;

/// <summary>The kind of content in a table column, which determines its layout.</summary>
internal enum ColumnKind
{
    /// <summary>Names and texts from outside. Each keeps its own writing direction, and breaks where necessary.</summary>
    Text,

    /// <summary>Figures, aligned at their ends.</summary>
    Number,

    /// <summary>Times and the report's own words, on one line.</summary>
    Word,
}

/// <summary>A column of a table.</summary>
internal readonly record struct Column(string Header, ColumnKind Kind);

/// <summary>A table of a report, in a box of its own that scrolls if the page is too narrow.</summary>
internal static class ReportTable
{
    // Longer texts are not names, and the size of a page must be bounded.
    private const int MaxText = 1000;

    // A name is only broken into lines if it would take up too much of the table.
    private const int MaxUnbroken = 32;

    private const string Nothing = "–";

    /// <param name="page">The page to write to.</param>
    /// <param name="caption">The caption.</param>
    /// <param name="columns">The columns. The first one names the row.</param>
    /// <param name="rows">The cells of the rows; <see langword="null"/> or empty if there is nothing to show.</param>
    public static void Write(HtmlWriter page, string caption, Column[] columns, IEnumerable<string?[]> rows)
    {
        page.Write($"<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{caption}\">");
        page.Write($"<table><caption><span>{caption}</span></caption><thead><tr>");
        foreach (Column column in columns)
            page.Write($"<th scope=\"col\" class=\"{ClassOf(column.Kind)}\">{column.Header}</th>");
        page.WriteMarkup("</tr></thead><tbody>\n");
        foreach (string?[] row in rows)
        {
            page.WriteMarkup("<tr>");
            for (int i = 0; i < row.Length; i++)
            {
                page.WriteMarkup(i == 0 ? "<th scope=\"row\"" : "<td");
                page.Write($" class=\"{ClassOf(columns[i].Kind)}\">");
                WriteCell(page, row[i], columns[i].Kind);
                page.WriteMarkup(i == 0 ? "</th>" : "</td>");
            }

            page.WriteMarkup("</tr>\n");
        }

        page.WriteMarkup("</tbody></table></div>\n");
    }

    /// <summary>Returns a text from outside, truncated if it is very long.</summary>
    public static string Shortened(string text) =>
        text.Length <= MaxText ? text : text[..(char.IsHighSurrogate(text[MaxText - 1]) ? MaxText - 1 : MaxText)] + "…";

    private static void WriteCell(HtmlWriter page, string? cell, ColumnKind kind)
    {
        if (string.IsNullOrEmpty(cell))
            page.Write($"{Nothing}");
        else if (string.IsNullOrWhiteSpace(cell))
            page.Write($"<bdi class=\"short\">“{cell}”</bdi>");
        else if (kind == ColumnKind.Text && cell.Length <= MaxUnbroken && !cell.Contains('\n', StringComparison.Ordinal))
            page.Write($"<bdi class=\"short\">{cell}</bdi>");
        else if (kind == ColumnKind.Text)
            page.Write($"<bdi>{Shortened(cell)}</bdi>");
        else
            page.Write($"{cell}");
    }

    private static string ClassOf(ColumnKind kind) => kind switch
    {
        ColumnKind.Number => "number",
        ColumnKind.Word => "word",
        _ => "text",
    };
}
