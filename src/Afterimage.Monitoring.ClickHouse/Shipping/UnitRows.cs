using System.Collections;
using System.Text;
using Afterimage.Monitoring.ClickHouse.Schema;

namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>The rows of a unit, grouped by month, because a block may only contain one month. Reusable. Not thread-safe.</summary>
internal sealed class UnitRows
{
    // The range of the servers' dates. Rows outside it are stored with the nearest date.
    private static readonly DateOnly FirstDay = new(1970, 1, 1);
    private static readonly DateOnly LastDay = new(2105, 12, 31);

    private readonly SortedDictionary<int, Month> _months = [];
    private readonly Stack<RowWriter> _spare = new();
    private readonly List<uint> _undated = [];
    private byte[] _prefix = [];
    private LineEncoder _encoder = null!;
    private BitArray? _present;
    private uint _first;
    private ushort? _day;

    /// <summary>The number of lines that were added.</summary>
    public int Lines { get; private set; }

    /// <summary>The size of the rows, in bytes.</summary>
    public int Length { get; private set; }

    /// <summary>The months of the lines.</summary>
    public IEnumerable<Month> Months => _months.Values;

    public bool IsFull => Lines == ShipUnit.MaxLines || Length >= ShipUnit.MaxBytes;

    /// <summary>Begins the rows of a unit.</summary>
    /// <param name="run">The run of the unit.</param>
    /// <param name="file">The name of its file in the cluster.</param>
    /// <param name="first">The number of its first line.</param>
    /// <param name="encoder">The encoder of its lines.</param>
    /// <param name="present">The lines that are already in the cluster, and have no rows.</param>
    public void Begin(string run, string file, uint first, LineEncoder encoder, BitArray? present = null)
    {
        foreach (Month month in _months.Values)
        {
            month.Rows.Clear();
            _spare.Push(month.Rows);
        }

        _months.Clear();
        _undated.Clear();
        var prefix = new RowWriter();
        prefix.Text(Encoding.UTF8.GetBytes(run));
        prefix.Text(Encoding.UTF8.GetBytes(file));
        _prefix = prefix.Written.ToArray();
        (_encoder, _present, _first, _day) = (encoder, present, first, null);
        (Lines, Length) = (0, 0);
    }

    /// <summary>Adds the next line.</summary>
    public void Add(LineCursor cursor)
    {
        uint line = _first + (uint)Lines++;
        if (cursor.IsTooLong || !_encoder.TryParse(cursor.Line))
        {
            // The line has no time. It goes with the line before it or, failing that, with the first that has one.
            if (_day is { } day)
                AddSkipped(line, day);
            else
                _undated.Add(line);
            return;
        }

        _day = DayOf(_encoder.Timestamp);
        AddUndated();
        if (Take(line, _day.Value) is not { } rows)
            return;

        int length = rows.Length;
        WriteBegin(
            rows,
            line,
            _day.Value,
            _encoder.Timestamp - DateTime.UnixEpoch.Ticks,
            LineEncoder.Checksum(cursor.Line.Span, isValid: true));
        _encoder.Write(rows);
        Length += rows.Length - length;
    }

    /// <summary>Ends the unit.</summary>
    public void End()
    {
        _day ??= 0;
        AddUndated();
    }

    private void AddUndated()
    {
        foreach (uint line in _undated)
            AddSkipped(line, _day!.Value);
        _undated.Clear();
    }

    private void AddSkipped(uint line, ushort day)
    {
        if (Take(line, day) is not { } rows)
            return;

        int length = rows.Length;
        WriteBegin(rows, line, day, ticks: 0, checksum: 0);
        _encoder.WriteSkipped(rows);
        Length += rows.Length - length;
    }

    private void WriteBegin(RowWriter rows, uint line, ushort day, long ticks, ulong checksum)
    {
        rows.Append(_prefix);
        rows.UInt32(line);
        rows.Date(day);
        rows.Int64(ticks);
        rows.UInt64(checksum);
    }

    /// <returns>The writer for the line's row; null if the line has no row.</returns>
    private RowWriter? Take(uint line, ushort day)
    {
        DateOnly date = FirstDay.AddDays(day);
        int number = (date.Year * 100) + date.Month;
        if (!_months.TryGetValue(number, out Month? month))
            _months.Add(number, month = new Month(number, _spare.TryPop(out RowWriter? spare) ? spare : new RowWriter()));
        month.Lines++;
        if (_present?[(int)(line - _first)] == true)
            return null;
        month.Written++;
        return month.Rows;
    }

    /// <summary>Returns the day for the column <c>date</c>: that of the time, or the first or last that a date can be.</summary>
    public static ushort DayOf(long ticks)
    {
        DateOnly day = DateOnly.FromDateTime(new DateTime(ticks));
        return (ushort)((day < FirstDay ? FirstDay : day > LastDay ? LastDay : day).DayNumber - FirstDay.DayNumber);
    }

    /// <summary>The lines of a month.</summary>
    /// <param name="number">The month, as servers number it.</param>
    /// <param name="rows">The rows of the lines.</param>
    public sealed class Month(int number, RowWriter rows)
    {
        public int Number => number;

        public RowWriter Rows => rows;

        /// <summary>The number of lines of the unit in this month.</summary>
        public int Lines { get; set; }

        /// <summary>The number of these lines that have rows.</summary>
        public int Written { get; set; }
    }
}
