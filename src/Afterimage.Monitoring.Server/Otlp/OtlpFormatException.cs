namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>The exception that is thrown when a body is not in the expected format. The sender receives the message.</summary>
internal sealed class OtlpFormatException(string message, Exception? inner = null) : Exception(message, inner);
