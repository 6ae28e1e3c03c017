using System.IO.Hashing;

namespace Afterimage.Monitoring.ClickHouse.Schema;

/// <summary>Takes lines apart, and writes the rows of a table for them. For one thread.</summary>
internal abstract class LineEncoder
{
    /// <summary>When the line was, in UTC ticks. Only of one that is valid.</summary>
    public abstract long Timestamp { get; }

    /// <summary>Takes a line.</summary>
    /// <returns>Whether it is valid; else it is skipped, and has a row that says no more than that.</returns>
    public abstract bool TryParse(ReadOnlyMemory<byte> line);

    /// <summary>What stands in the place of a line, in the audit's eyes.</summary>
    public static ulong Checksum(ReadOnlySpan<byte> line, bool isValid) => isValid ? XxHash3.HashToUInt64(line) : 0;

    /// <summary>Writes the table's own columns of the line that was taken.</summary>
    public abstract void Write(RowWriter row);

    /// <summary>Writes the table's own columns of a line that is skipped.</summary>
    public abstract void WriteSkipped(RowWriter row);
}
