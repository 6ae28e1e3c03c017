namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>A request that is refused. The message is told to the sender.</summary>
internal sealed class OtlpRefusedException(OtlpRefusal refusal, string message, Exception? inner = null) : Exception(message, inner)
{
    public OtlpRefusal Refusal { get; } = refusal;
}
