using Afterimage.Monitoring.Reporting.Figures;

namespace Afterimage.Monitoring.Reporting.Reports;

/// <summary>What a column of a table holds, which says how it is set.</summary>
internal enum ColumnKind
{
    /// <summary>Names and texts from outside: each keeps its own direction of writing, and breaks where it must.</summary>
    Text,

    /// <summary>Figures, aligned at their ends.</summary>
    Number,

    /// <summary>Times and words of the report's own, on one line.</summary>
    Word,
}

/// <summary>A column of a table.</summary>
internal readonly record struct Column(string Header, ColumnKind Kind);

/// <summary>A table of a report, in a box of its own that scrolls where the page is too narrow.</summary>
internal static class ReportTable
{
    // Longer ones are no names, and a page must end.
    private const int MaxText = 1000;

    // A name breaks into lines only where it would take too much of the table.
    private const int MaxUnbroken = 32;

    private const string Nothing = "–";

    /// <param name="page">Where to.</param>
    /// <param name="caption">What it shows.</param>
    /// <param name="columns">The columns; the first one names the row.</param>
    /// <param name="rows">Their cells; <see langword="null"/> or empty where there is nothing to show.</param>
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

    /// <summary>A text from outside, whole unless it is very long.</summary>
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
