namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>Why a request is refused.</summary>
internal enum OtlpRefusal
{
    /// <summary>It is not of its format. Not to be sent again.</summary>
    Malformed,

    /// <summary>Of a content type or an encoding that is not taken.</summary>
    Unsupported,

    Unauthorized,

    Origin,

    /// <summary>Beyond the limit before or after decompression. Not to be sent again.</summary>
    TooLarge,

    /// <summary>Beyond what is taken at once. To be sent again.</summary>
    Busy,

    /// <summary>It could not be written. To be sent again.</summary>
    Unavailable,
}
