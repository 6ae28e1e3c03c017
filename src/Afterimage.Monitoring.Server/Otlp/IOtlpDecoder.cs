namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>Reads export requests of one encoding.</summary>
internal interface IOtlpDecoder
{
    /// <exception cref="OtlpFormatException">The body is not of the format.</exception>
    void ReadTraces(ReadOnlyMemory<byte> body);

    /// <exception cref="OtlpFormatException">The body is not of the format.</exception>
    void ReadLogs(ReadOnlyMemory<byte> body);

    /// <exception cref="OtlpFormatException">The body is not of the format.</exception>
    void ReadMetrics(ReadOnlyMemory<byte> body);
}
