namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>A body that is not of its format. The message is told to the sender.</summary>
internal sealed class OtlpFormatException(string message, Exception? inner = null) : Exception(message, inner);
