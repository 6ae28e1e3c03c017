using Afterimage.Monitoring.Handlers;
using Afterimage.Monitoring.Metrics;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring;

/// <summary>Whole records for a metric handler: generations, evaluations and single metric points. The records of one thread are in the
/// order of recording.</summary>
/// <remarks>Valid only during <see cref="IMetricHandler.HandleBatch"/>, because its memory is reused afterwards.</remarks>
public sealed class MetricBatch
{
    private readonly RecordBatch _records;
    private readonly int? _only;
    private int _failedRecords;
    private int _failures;
    private Exception? _error;

    /// <param name="records">The records.</param>
    /// <param name="names">Their names.</param>
    /// <param name="only">The position of the one that it has. Default: all.</param>
    internal MetricBatch(RecordBatch records, Names names, int? only = null)
    {
        _records = records;
        _only = only;
        Names = names;
    }

    /// <summary>Number of records.</summary>
    public int Count => _only is null ? _records.Count - _records.LogCount : 1;

    internal Names Names { get; }

    internal HandlerOutcome Outcome => new(_failedRecords, _failures, _error);

    /// <summary>Returns an enumerator over the records.</summary>
    /// <returns>An enumerator, for <c>foreach</c>.</returns>
    public Enumerator GetEnumerator() => new(_records, Names, _only);

    internal void ForEachPoint(IMetricHandler handler)
    {
        foreach (MetricRecord record in this)
        {
            var caller = new PointCaller(handler, record);
            RecordPoints.Visit(record.Record, Names, ref caller);
            if (caller.Failures == 0)
                continue;

            _failedRecords++;
            _failures += caller.Failures;
            _error ??= caller.Error;
        }
    }

    /// <summary>Enumerates the records of a batch.</summary>
    public ref struct Enumerator
    {
        private readonly RecordBatch _records;
        private readonly Names _names;
        private readonly int _end;
        private int _index;

        internal Enumerator(RecordBatch records, Names names, int? only)
        {
            _records = records;
            _names = names;
            _index = (only ?? 0) - 1;
            _end = only + 1 ?? records.Count;
        }

        /// <summary>The current record.</summary>
        public readonly MetricRecord Current => new(_records.Array, _index, _names);

        /// <summary>Advances to the next record.</summary>
        /// <returns><see langword="true"/> if there is a next record; otherwise, <see langword="false"/>.</returns>
        public bool MoveNext()
        {
            while (++_index < _end)
            {
                if (_records.Array[_index].Kind != RecordKind.Log)
                    return true;
            }

            return false;
        }
    }

    private ref struct PointCaller(IMetricHandler handler, MetricRecord record) : IPointVisitor
    {
        private readonly MetricRecord _record = record;
        private Dictionary<string, object?>? _metadata;

        public int Failures { get; private set; }

        public Exception? Error { get; private set; }

        public void Visit(int metricId, double value, in RecordScore score)
        {
            Dictionary<string, object?> metadata = _metadata ??= PointMetadata.Of(_record);
            if (score.Feedback is not null)
                metadata = new Dictionary<string, object?>(metadata, StringComparer.Ordinal) { [RecordKeys.Feedback] = score.Feedback };

            try
            {
                handler.HandleMetric(_record.Names.Metrics[metricId], value, metadata);
            }
            catch (Exception e)
            {
                Failures++;
                Error ??= e;
            }
        }
    }
}
