namespace Afterimage.Monitoring.Recording;

/// <summary>Receives the records that the pump has gathered. Called by the pump only.</summary>
internal interface IRecordSink
{
    /// <summary>Accepts a batch, which the sink must <see cref="RecordBatch.AddHolder">hold</see> for as long as it needs it. Must not
    /// fail.</summary>
    void Accept(RecordBatch batch);

    /// <summary>Completes when everything accepted so far has been handled and made durable.</summary>
    /// <param name="requester">The requesting thread. A handler's own thread does not wait for that handler.</param>
    Task FlushAsync(Thread requester);
}
