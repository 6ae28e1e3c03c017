using Afterimage.Monitoring.Budgets;

namespace Afterimage.Monitoring.Recording;

/// <summary>Takes the records that the pump has gathered. Called by the pump only.</summary>
internal interface IRecordSink
{
    /// <summary>Takes a batch, which it must <see cref="RecordBatch.AddHolder">hold</see> for as long as it needs it. Must not
    /// fail.</summary>
    void Accept(RecordBatch batch);

    /// <summary>Ends when everything accepted so far has been handled and made durable.</summary>
    /// <param name="requester">The thread that asked: a handler's own does not wait for that handler.</param>
    Task FlushAsync(Thread requester);
}
