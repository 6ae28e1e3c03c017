namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>The kind of data in an export request.</summary>
internal enum OtlpSignal
{
    Traces,
    Logs,
    Metrics,
}
