using Microsoft.Extensions.AI;

namespace Afterimage.Monitoring;

/// <summary>Settings for what <c>UseGenerationMonitor</c> records of each call, and which calls it lets through.</summary>
public sealed class GenerationMonitorMiddlewareOptions
{
    /// <summary>
    /// Whether contents are recorded: the texts of a chat's messages, as JSON in the tags <c>gen_ai.input.messages</c> and
    /// <c>gen_ai.output.messages</c>, and the message of an exception, as the <see cref="GenerationDetails.Error"/>. Default:
    /// <see langword="false"/>, neither is recorded, because both may contain what people wrote.
    /// </summary>
    public bool RecordContents { get; set; }

    /// <summary>
    /// A function that names the kind of an error for the tag <c>error.type</c>, such as <c>content_filter</c>. There should be few kinds,
    /// because telemetry creates a series for each. If there is no function (the default), or if it returns <see langword="null"/> or
    /// throws, the kind is the HTTP status of the client's exception, such as <c>429</c>; <c>timeout</c>; the kind of a transport error,
    /// such as <c>connection_error</c> or <c>name_resolution_error</c>; or else the full type name of the exception. For an
    /// <see cref="AggregateException"/>, the last attempt counts.
    /// </summary>
    /// <remarks>A cancellation that the caller did not request is a <c>timeout</c>. The names are those of the OpenTelemetry attribute
    /// <c>error.type</c> and of .NET's own HTTP metrics.</remarks>
    /// <example><code>options.ErrorType = e => e is ContentFilteredException ? "content_filter" : null;</code></example>
    public Func<Exception, string?>? ErrorType { get; set; }

    /// <summary>
    /// A callback that adds tags to the record of a call, from its request, options and response. It runs once per call, when the call has
    /// ended and before the answer is returned. Default: <see langword="null"/>, none.
    /// </summary>
    /// <remarks>An exception from the callback is logged once per client; it affects neither the call nor its record. While a callback is
    /// set, the updates of a stream are kept until its end.</remarks>
    /// <example><code>options.Enrich = call => call.SetTag("tenant", tenants.Current);</code></example>
    public Action<GenerationEnrichment>? Enrich { get; set; }

    /// <summary>
    /// Keys of additional properties that are recorded as tags with the same key, from a call's options and its response. The response's
    /// value replaces that of the options. <c>service_tier</c> is always included, because it has prices of its own. Budgets with a
    /// <see cref="Budget.Tag"/> are enforced by the tags of the options. Default: empty.
    /// </summary>
    public IList<string> AdditionalPropertyTags { get; } = [];

    /// <summary>
    /// Whether a call for which the monitor's <see cref="GenerationMonitorOptions.Budgets"/> have no room is refused with a
    /// <see cref="BudgetExceededException"/> before it is sent. What the call may use is reserved when it begins. When it has ended, in
    /// whatever way, the reservation is replaced by what it really used, or by the estimate if its provider reports no usage. A refused
    /// call is not recorded, because it was never made. Default: <see langword="false"/>.
    /// </summary>
    /// <remarks>
    /// A call that a budget in dollars cannot price is refused with an <see cref="ArgumentException"/>. A call after the monitor's
    /// disposal, when calls are no longer counted, is refused with an <see cref="ObjectDisposedException"/>. A stream begins when its first
    /// update is requested.
    /// </remarks>
    public bool EnforceBudget { get; set; }

    /// <summary>
    /// A function that returns the most that a chat may use, for <see cref="EnforceBudget"/>. If the estimate names no model, the requested
    /// model is used. Default: <see langword="null"/>. The estimate is then one prompt token for every four characters of the messages'
    /// texts, as is typical of English, and <see cref="ChatOptions.MaxOutputTokens"/> completion tokens. If that is not set, no completion
    /// is reserved, so that each caller may exceed the budget by one answer. If the function throws, the default estimate is used.
    /// </summary>
    public Func<IReadOnlyCollection<ChatMessage>, ChatOptions?, BudgetEstimate>? BudgetEstimate { get; set; }
}
