namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>The exception that is thrown when a request is refused. The sender receives the message.</summary>
internal sealed class OtlpRefusedException(OtlpRefusal refusal, string message, Exception? inner = null) : Exception(message, inner)
{
    public OtlpRefusal Refusal { get; } = refusal;
}
