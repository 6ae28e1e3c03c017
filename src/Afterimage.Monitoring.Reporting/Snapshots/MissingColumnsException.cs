namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>The exception that is thrown when records must be kept completely, but have fields for which the table has no
/// columns.</summary>
internal sealed class MissingColumnsException(IReadOnlyCollection<RecordColumn> columns) : Exception
{
    public IReadOnlyCollection<RecordColumn> Columns => columns;
}
