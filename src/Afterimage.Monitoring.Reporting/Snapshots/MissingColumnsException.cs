namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>Records that are to be kept whole have fields that the table has no columns for.</summary>
internal sealed class MissingColumnsException(IReadOnlyCollection<RecordColumn> columns) : Exception
{
    public IReadOnlyCollection<RecordColumn> Columns => columns;
}
