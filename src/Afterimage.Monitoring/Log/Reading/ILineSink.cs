namespace Afterimage.Monitoring.Log.Reading;

/// <summary>Receives the lines of a scan. Each worker has a sink of its own.</summary>
internal interface ILineSink : IDisposable
{
    /// <summary>Takes the current line of the reader, which is a record within the times.</summary>
    void Take(RecordReader reader);

    /// <summary>Takes the current line of the reader, which is not a record.</summary>
    void TakeSkipped(RecordReader reader);

    /// <summary>Passes on what the sink has taken. Called in the order of the lines, for one sink at a time.</summary>
    void HandOn()
    {
    }

    void IDisposable.Dispose()
    {
    }
}
