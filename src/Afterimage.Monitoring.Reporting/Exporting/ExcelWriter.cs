using System.Globalization;
using System.Text.RegularExpressions;
using Afterimage.Monitoring.Reporting.Snapshots;
using DuckDB.NET.Data;
using SpreadCheetah;
using SpreadCheetah.Styling;
using SpreadCheetah.Worksheets;

namespace Afterimage.Monitoring.Reporting.Exporting;

/// <summary>Writes queries as the sheets of a workbook, one row at a time.</summary>
internal sealed partial class ExcelWriter(LogSnapshot snapshot, CancellationToken cancellationToken)
{
    // The limits of Excel: rows of a sheet without its header, UTF-16 units in a cell, the first day that its calendar has right, and whole
    // numbers in a double.
    private const int MaxRows = 1_048_576 - 1;
    private const int MaxText = 32_767;
    private const long MaxWhole = 1L << 53;
    private const long ReportEvery = 65_536;
    private static readonly DateTime FirstDay = new(1900, 3, 1);

    private static readonly SpreadCheetahOptions Options = new()
    {
        // A workbook with the best compression is a third smaller, but takes three times as long.
        CompressionLevel = SpreadCheetahCompressionLevel.Fastest,
        DefaultDateTimeFormat = NumberFormat.Custom("yyyy-mm-dd hh:mm:ss.000"),
        PreserveStringWhitespace = true,
    };

    private long _written;

    /// <param name="path">The file.</param>
    /// <param name="queries">The queries, and the sheets that the rows of each fill in succession. A sheet with too many rows continues in
    /// further sheets.</param>
    /// <param name="rows">The number of rows in all sheets.</param>
    /// <param name="report">Receives progress from 0 to 1.</param>
    public async Task WriteAsync(
        string path,
        IEnumerable<(string Sql, IReadOnlyList<(string Name, long Rows)> Sheets)> queries,
        long rows,
        Action<double> report)
    {
        await using FileStream stream = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None);
        await using Spreadsheet workbook = await Spreadsheet.CreateNewAsync(stream, Options, cancellationToken).ConfigureAwait(false);
        StyleId header = workbook.AddStyle(new Style { Font = { Bold = true } });
        var names = new SafeNames();
        foreach ((string sql, IReadOnlyList<(string Name, long Rows)> sheets) in queries)
        {
            string[] columns = [.. snapshot.Query("DESCRIBE " + sql).Select(row => row.GetString(0))];
            using IEnumerator<DuckDBDataReader> reader = snapshot.Query(sql).GetEnumerator();
            foreach ((string name, long count) in sheets)
            {
                long left = count;
                do
                {
                    await StartSheetAsync(workbook, names.Sheet(name), columns, header).ConfigureAwait(false);
                    long here = Math.Min(MaxRows, left);
                    await WriteRowsAsync(workbook, reader, columns.Length, here, () => report((double)_written / rows))
                        .ConfigureAwait(false);
                    left -= here;
                }
                while (left > 0);
            }
        }

        await workbook.FinishAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task StartSheetAsync(Spreadsheet workbook, string name, string[] columns, StyleId header)
    {
        var options = new WorksheetOptions { FrozenRows = 1 };
        for (int i = 0; i < columns.Length; i++)
            options.Column(i + 1).Width = columns[i] switch { "timestamp" => 24, "metric" => 28, _ => Math.Max(10, columns[i].Length + 2) };
        await workbook.StartWorksheetAsync(name, options, cancellationToken).ConfigureAwait(false);
        await workbook
            .AddRowAsync(Array.ConvertAll(columns, column => new StyledCell(column, header)), cancellationToken)
            .ConfigureAwait(false);
    }

    private async Task WriteRowsAsync(Spreadsheet workbook, IEnumerator<DuckDBDataReader> reader, int columns, long count, Action report)
    {
        var cells = new DataCell[columns];
        for (long i = 0; i < count && reader.MoveNext(); i++)
        {
            if (_written++ % ReportEvery == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                report();
            }

            for (int column = 0; column < columns; column++)
                cells[column] = Cell(reader.Current, column);
            await workbook.AddRowAsync(cells, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static DataCell Cell(DuckDBDataReader row, int column)
    {
        if (row.IsDBNull(column))
            return default;

        Type type = row.GetFieldType(column);
        if (type == typeof(double))
            return row.GetDouble(column) is var number && double.IsFinite(number) ? new DataCell(number) : Text(number);
        if (type == typeof(long))
            return row.GetInt64(column) is var whole && Math.Abs((decimal)whole) <= MaxWhole ? new DataCell(whole) : Text(whole);
        if (type == typeof(bool))
            return new DataCell(row.GetBoolean(column));
        if (type == typeof(DateTime))
            return row.GetDateTime(column) is var time && time >= FirstDay
                ? new DataCell(time)
                : new DataCell(time.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture));
        return Text(row.GetValue(column));
    }

    private static DataCell Text(object value)
    {
        string text = Convert.ToString(value, CultureInfo.InvariantCulture)!;
        if (text.Length > MaxText)
            text = text[..(char.IsHighSurrogate(text[MaxText - 2]) ? MaxText - 2 : MaxText - 1)] + "…";

        // Escape characters that XML cannot hold, and text that would be mistaken for an escape, as in ECMA-376 part 1, 22.9.2.19.
        return new DataCell(ToEscape().Replace(text, match => $"_x{(int)match.Value[0]:X4}_"));
    }

    [GeneratedRegex(@"[\x00-\x08\x0B-\x1F\uFFFE\uFFFF]|_(?=x[0-9A-Fa-f]{4}_)", RegexOptions.CultureInvariant)]
    private static partial Regex ToEscape();
}
