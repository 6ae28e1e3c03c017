namespace Afterimage.Monitoring;

/// <summary>What each row of an export is.</summary>
public enum ExportShape
{
    /// <summary>A metric point: metric, timestamp, value, and everything known about the record that it comes from.</summary>
    Points,

    /// <summary>A generation or an evaluation, with all its columns.</summary>
    Records,
}
