using Microsoft.Extensions.AI;

namespace Afterimage.Monitoring;

/// <summary>What <c>UseGenerationMonitor</c> records of each call, and which calls it lets through.</summary>
public sealed class GenerationMonitorMiddlewareOptions
{
    /// <summary>
    /// Whether the texts of a chat's messages are recorded, as JSON in the tags <c>gen_ai.input.messages</c> and
    /// <c>gen_ai.output.messages</c>, and the message of an exception as the <see cref="GenerationDetails.Error"/>. Default:
    /// <see langword="false"/>, neither: both may hold what people wrote.
    /// </summary>
    public bool RecordContents { get; set; }

    /// <summary>
    /// Names the kind of an error for the tag <c>error.type</c>, such as <c>content_filter</c>. There should be few of them: telemetry
    /// makes a series of each. Where there is no function (the default), or it returns <see langword="null"/> or throws, the kind is the
    /// HTTP status of the client's exception, such as <c>429</c>; <c>timeout</c>; the kind of a transport error, such as
    /// <c>connection_error</c> or <c>name_resolution_error</c>; else the exception's full type name. The last attempt stands for an
    /// <see cref="AggregateException"/>.
    /// </summary>
    /// <remarks>A cancellation that the caller did not ask for is a <c>timeout</c>. The names are those of the OpenTelemetry attribute
    /// <c>error.type</c> and of .NET's own HTTP metrics.</remarks>
    /// <example><code>options.ErrorType = e => e is ContentFilteredException ? "content_filter" : null;</code></example>
    public Func<Exception, string?>? ErrorType { get; set; }

    /// <summary>
    /// Adds tags to the record of a call, from its request, options and response. It runs once for each call, when the call has ended,
    /// before the answer is returned. Default: <see langword="null"/>, none.
    /// </summary>
    /// <remarks>What it throws is logged once for each client, and neither the call nor its record is affected. The updates of a stream
    /// are kept until its end while this is set.</remarks>
    /// <example><code>options.Enrich = call => call.SetTag("tenant", tenants.Current);</code></example>
    public Action<GenerationEnrichment>? Enrich { get; set; }

    /// <summary>
    /// Keys of the additional properties of a call's options and its response that are recorded as tags of the same key. The response's
    /// value replaces the options'. <c>service_tier</c> always is one of them, since its prices are its own. Budgets with a
    /// <see cref="Budget.Tag"/> are enforced by the tags of the options. Default: empty.
    /// </summary>
    public IList<string> AdditionalPropertyTags { get; } = [];

    /// <summary>
    /// Whether a call that the monitor's <see cref="GenerationMonitorOptions.Budgets"/> have no room for is refused with a
    /// <see cref="BudgetExceededException"/>, before it is sent. What the call may use is reserved when it begins and settled when it has
    /// ended, however it ended, by what it really used, or by the estimate where its provider does not tell. A refused call is not
    /// recorded: it was none. Default: <see langword="false"/>.
    /// </summary>
    /// <remarks>
    /// A call that a budget of dollars cannot price is refused with an <see cref="ArgumentException"/>, and one that comes after the
    /// monitor's disposal, when nobody counts any more, with an <see cref="ObjectDisposedException"/>. A stream begins when its first
    /// update is asked for.
    /// </remarks>
    public bool EnforceBudget { get; set; }

    /// <summary>
    /// What a chat may use at the most, for <see cref="EnforceBudget"/>; without a model of its own it is of the requested one. Default:
    /// <see langword="null"/>, a token for every four characters of the messages' texts, as English has them, and
    /// <see cref="ChatOptions.MaxOutputTokens"/>, or no completion where that is not set: each caller may then overshoot by one answer.
    /// Where it throws, the default applies.
    /// </summary>
    public Func<IReadOnlyCollection<ChatMessage>, ChatOptions?, BudgetEstimate>? BudgetEstimate { get; set; }
}
