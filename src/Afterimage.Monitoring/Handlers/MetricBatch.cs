using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Handlers;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Metrics;
using Afterimage.Monitoring.Pricing;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring;

/// <summary>Whole records for a metric handler: generations, evaluations and single metric points. The records of one thread are in the
/// order of recording.</summary>
/// <remarks>Valid only during <see cref="IMetricHandler.HandleBatch"/>, because its memory is reused afterwards.</remarks>
public sealed class MetricBatch
{
    private readonly RecordBatch _records;
    private int _failedRecords;
    private int _failures;
    private Exception? _error;

    internal MetricBatch(RecordBatch records, Names names)
    {
        _records = records;
        Names = names;
    }

    /// <summary>The number of records.</summary>
    public int Count => _records.Count - _records.LogCount;

    internal Names Names { get; }

    internal HandlerOutcome Outcome => new(_failedRecords, _failures, _error);

    /// <summary>Returns an enumerator over the records.</summary>
    /// <returns>An enumerator, for <c>foreach</c>.</returns>
    public Enumerator GetEnumerator() => new(_records, Names);

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
        private int _index = -1;

        internal Enumerator(RecordBatch records, Names names)
        {
            _records = records;
            _names = names;
        }

        /// <summary>The current record.</summary>
        public readonly MetricRecord Current => new(_records.Array, _index, _names);

        /// <summary>Advances to the next record.</summary>
        /// <returns><see langword="true"/> if there is a next record; otherwise, <see langword="false"/>.</returns>
        public bool MoveNext()
        {
            while (++_index < _records.Count)
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
