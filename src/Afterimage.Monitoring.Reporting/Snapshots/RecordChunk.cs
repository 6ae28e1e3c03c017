using System.Buffers;
using System.Text.Json;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Schema;
using DuckDB.NET.Native;

namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>Rows of the table <c>read_record</c> in DuckDB's own vectors, filled in place.</summary>
internal sealed unsafe class RecordChunk : IDisposable
{
    /// <summary>The number of rows in a vector.</summary>
    public const int Capacity = 2048;

    private static ReadOnlySpan<byte> Mark => "!"u8;

    private static readonly JsonWriterOptions PlainJson = new() { Encoder = PlainJsonEncoder.Instance };

    private readonly ArrayBufferWriter<byte> _plain = new();
    private readonly RecordColumn[] _columns;
    private readonly bool _keepsLines;
    private readonly nint[] _vectors;
    private readonly nint[] _data;
    private readonly nint[] _validity;

    /// <param name="columns">The columns.</param>
    /// <param name="types">The types of the columns in the table.</param>
    /// <param name="keepsLines">Whether a column of lines follows them.</param>
    public RecordChunk(RecordColumn[] columns, DuckDBLogicalType[] types, bool keepsLines)
    {
        _columns = columns;
        _keepsLines = keepsLines;
        Native = NativeMethods.DataChunks.DuckDBCreateDataChunk([.. types.Select(type => type.DangerousGetHandle())], (ulong)types.Length);
        _vectors = new nint[types.Length];
        _data = new nint[types.Length];
        _validity = new nint[types.Length];
        FindVectors();
    }

    public DuckDBDataChunk Native { get; }

    public int Rows { get; private set; }

    /// <summary>Adds a row for a line that is not a record: all its columns are null.</summary>
    public void AddSkipped(ReadOnlySpan<byte> line)
    {
        for (int i = 0; i < _columns.Length; i++)
            SetNull(i);
        if (_keepsLines)
            SetText(_columns.Length, line);
        Rows++;
    }

    public void Add(RecordLine record, ReadOnlySpan<byte> line)
    {
        for (int i = 0; i < _columns.Length; i++)
            Set(i, _columns[i], record);
        if (_keepsLines && record.IsCanonical)
            SetNull(_columns.Length);
        else if (_keepsLines)
            SetText(_columns.Length, line);
        Rows++;
    }

    /// <summary>Removes all rows, so that the memory can be used again.</summary>
    public void Clear()
    {
        NativeMethods.DataChunks.DuckDBDataChunkReset(Native);
        FindVectors();
        Rows = 0;
    }

    public void Dispose() => Native.Dispose();

    private void FindVectors()
    {
        for (int i = 0; i < _vectors.Length; i++)
        {
            _vectors[i] = NativeMethods.DataChunks.DuckDBDataChunkGetVector(Native, i);
            _data[i] = (nint)NativeMethods.Vectors.DuckDBVectorGetData(_vectors[i]);
            NativeMethods.Vectors.DuckDBVectorEnsureValidityWritable(_vectors[i]);
            _validity[i] = (nint)NativeMethods.Vectors.DuckDBVectorGetValidity(_vectors[i]);
        }
    }

    private void Set(int column, RecordColumn source, RecordLine record)
    {
        // The tags of a metric point are its metadata.
        RecordField field = source.Field == RecordSchema.Tags && record.Event == RecordEvents.Metric ? RecordSchema.Metadata : source.Field;
        if (!record.Has(field))
        {
            SetNull(column);
            return;
        }

        if (field == RecordSchema.Event)
        {
            ((byte*)_data[column])[Rows] = RecordLine.NumberOf(record.Event);
            return;
        }

        switch (field.Type)
        {
            case FieldType.Time:
                ((long*)_data[column])[Rows] = record.Timestamp - DateTime.UnixEpoch.Ticks;
                break;
            case FieldType.Count:
                ((long*)_data[column])[Rows] = record.Count(field);
                break;
            case FieldType.Flag:
                ((byte*)_data[column])[Rows] = record.Flag(field) ? (byte)1 : (byte)0;
                break;
            case FieldType.Seconds or FieldType.Dollars or FieldType.Number:
                ((double*)_data[column])[Rows] = record.Number(field);
                break;
            case FieldType.Object or FieldType.Numbers:
                SetText(column, Plain(record.Text(field)));
                break;
            default:
                SetText(column, source.IsMark ? Mark : record.Text(field));
                break;
        }
    }

    /// <summary>Returns the object with no more escapes than JSON requires, because people read it and compare it.</summary>
    private ReadOnlySpan<byte> Plain(ReadOnlySpan<byte> json)
    {
        if (!json.Contains((byte)'\\'))
            return json;

        _plain.ResetWrittenCount();
        var reader = new Utf8JsonReader(json);
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        using (var writer = new Utf8JsonWriter(_plain, PlainJson))
            document.RootElement.WriteTo(writer);
        return _plain.WrittenSpan;
    }

    private void SetText(int column, ReadOnlySpan<byte> text)
    {
        if (VectorString.TryWrite(_data[column], Rows, text))
            return;

        fixed (byte* bytes = text)
            NativeMethods.Vectors.DuckDBUnsafeVectorAssignStringElementLength(_vectors[column], (ulong)Rows, bytes, text.Length);
    }

    private void SetNull(int column) => ((ulong*)_validity[column])[Rows / 64] &= ~(1UL << (Rows % 64));
}
