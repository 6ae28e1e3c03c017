namespace Afterimage.Monitoring;

/// <summary>What <c>UseGenerationMonitor</c> records of each call.</summary>
public sealed class GenerationMonitorMiddlewareOptions
{
    /// <summary>
    /// Whether the texts of a chat's messages are recorded, as JSON in the tags <c>gen_ai.input.messages</c> and <c>gen_ai.output.messages</c>, and the message of an exception as
    /// the <see cref="GenerationDetails.Error"/>. Default: <see langword="false"/>, neither: both may hold what people wrote.
    /// </summary>
    public bool RecordContents { get; set; }

    /// <summary>
    /// Names the kind of an error for the tag <c>error.type</c>, such as <c>429</c>. There should be few of them: telemetry makes a series of each. <see langword="null"/> from
    /// it, or no function (the default): the status code of an <see cref="HttpRequestException"/> that has one, else the exception's full type name. It must not throw.
    /// </summary>
    /// <example><code>options.ErrorType = e => e is ClientResultException { Status: > 0 } http ? $"{http.Status}" : null;   // the OpenAI client's</code></example>
    public Func<Exception, string?>? ErrorType { get; set; }
}
