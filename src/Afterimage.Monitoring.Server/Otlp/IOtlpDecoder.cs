namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>Reads export requests of one encoding.</summary>
internal interface IOtlpDecoder
{
    /// <exception cref="OtlpFormatException">The body is not in the expected format.</exception>
    void ReadTraces(ReadOnlyMemory<byte> body);

    /// <exception cref="OtlpFormatException">The body is not in the expected format.</exception>
    void ReadLogs(ReadOnlyMemory<byte> body);

    /// <exception cref="OtlpFormatException">The body is not in the expected format.</exception>
    void ReadMetrics(ReadOnlyMemory<byte> body);
}
