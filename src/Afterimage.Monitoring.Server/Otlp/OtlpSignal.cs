namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>What an export request brings.</summary>
internal enum OtlpSignal
{
    Traces,
    Logs,
    Metrics,
}
