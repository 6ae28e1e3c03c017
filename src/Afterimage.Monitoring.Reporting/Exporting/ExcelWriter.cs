using System.Globalization;
using DuckDB.NET.Data;
using MiniExcelLibs;
using MiniExcelLibs.Attributes;
using MiniExcelLibs.OpenXml;

namespace Afterimage.Monitoring.Reporting.Exporting;

/// <summary>Writes queries as the sheets of a workbook, a row at a time.</summary>
internal sealed class ExcelWriter(LogSnapshot snapshot, CancellationToken cancellationToken)
{
    // The limits of Excel: rows of a sheet with the header, UTF-16 units in a cell, the first day that its calendar has right, whole numbers in a double.
    private const int MaxRows = 1_048_576 - 1;
    private const int MaxText = 32_767;
    private const long MaxWhole = 1L << 53;
    private const long ReportEvery = 65_536;
    private static readonly DateTime FirstDay = new(1900, 3, 1);

    private long _written;
    private bool _hasSurrogates;

    /// <param name="path">The file.</param>
    /// <param name="queries">The queries, and the sheets that the rows of each fill one after the other; a sheet of too many rows goes on in further ones.</param>
    /// <param name="rows">Rows in all sheets.</param>
    /// <param name="report">Is told the share that is written.</param>
    public void Write(string path, IEnumerable<(string Sql, IReadOnlyList<(string Name, long Rows)> Sheets)> queries, long rows, Action<double> report)
    {
        var names = new SafeNames();
        var workbook = new Dictionary<string, object>();
        foreach ((string sql, IReadOnlyList<(string Name, long Rows)> sheets) in queries)
        {
            string[] columns = [.. snapshot.Query("DESCRIBE " + sql).Select(row => row.GetString(0))];

            // MiniExcel writes the sheets in their order, each once: the next one goes on where the one before stopped.
            IEnumerator<DuckDBDataReader> reader = snapshot.Query(sql).GetEnumerator();
            long left = sheets.Sum(sheet => sheet.Rows);
            foreach ((string name, long count) in sheets)
            {
                if (count == 0)
                    workbook.Add(names.Sheet(name), Header(columns));
                for (long first = 0; first < count; first += MaxRows)
                {
                    long here = Math.Min(MaxRows, count - first);
                    left -= here;
                    workbook.Add(names.Sheet(name), Rows(reader, columns, here, isLast: left == 0, () => report((double)_written / rows)));
                }
            }
        }

        string draft = path + ".draft";
        using (FileStream stream = new(draft, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            MiniExcel.SaveAs(stream, workbook, configuration: Configuration());

        if (_hasSurrogates)
            SurrogatePairs.Restore(draft, path, cancellationToken);
        else
            File.Move(draft, path);
    }

    private static OpenXmlConfiguration Configuration() => new()
    {
        FastMode = false,
        AutoFilter = false,
        EnableWriteNullValueCell = false,
        DynamicColumns = [new DynamicExcelColumn("timestamp") { Format = "yyyy-mm-dd hh:mm:ss.000", Width = 24 }, new DynamicExcelColumn("metric") { Width = 28 }],
    };

    private static Dictionary<string, object?>[] Header(string[] columns) => [columns.ToDictionary(column => column, _ => (object?)null)];

    private IEnumerable<IDictionary<string, object?>> Rows(IEnumerator<DuckDBDataReader> reader, string[] columns, long count, bool isLast, Action report)
    {
        // MiniExcel has done with a row when it asks for the next.
        Dictionary<string, object?> row = new(columns.Length, StringComparer.Ordinal);
        for (long i = 0; i < count && reader.MoveNext(); i++)
        {
            if (_written++ % ReportEvery == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                report();
            }

            for (int column = 0; column < columns.Length; column++)
                row[columns[column]] = reader.Current.IsDBNull(column) ? null : Cell(reader.Current.GetValue(column));
            yield return row;
        }

        if (isLast)
            reader.Dispose();
    }

    private object Cell(object value)
    {
        _hasSurrogates |= value is string text && text.AsSpan().IndexOfAnyInRange('\ud800', '\udfff') >= 0;
        return Limited(value);
    }

    private static object Limited(object value) => value switch
    {
        string text when text.Length > MaxText => text[..(char.IsHighSurrogate(text[MaxText - 2]) ? MaxText - 2 : MaxText - 1)] + "…",
        double number when !double.IsFinite(number) => number.ToString(CultureInfo.InvariantCulture),
        long number when Math.Abs(number) > MaxWhole => number.ToString(CultureInfo.InvariantCulture),
        DateTime time when time < FirstDay => time.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
        _ => value,
    };
}
