namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>The reason why a request is refused.</summary>
internal enum OtlpRefusal
{
    /// <summary>The body is not in the expected format. The request must not be sent again.</summary>
    Malformed,

    /// <summary>The content type or the encoding is not supported.</summary>
    Unsupported,

    Unauthorized,

    Origin,

    /// <summary>The body exceeds the limit before or after decompression. The request must not be sent again.</summary>
    TooLarge,

    /// <summary>A limit on concurrent work is exceeded. The request should be sent again.</summary>
    Busy,

    /// <summary>The data could not be written. The request should be sent again.</summary>
    Unavailable,
}
