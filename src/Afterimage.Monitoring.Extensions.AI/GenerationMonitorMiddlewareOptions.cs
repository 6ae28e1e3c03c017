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
    /// Names the kind of an error for the tag <c>error.type</c>, such as <c>429</c>. There should be few of them: telemetry makes a series
    /// of each. <see langword="null"/> from it, or no function (the default): the status code of an <see cref="HttpRequestException"/> that
    /// has one, else the exception's full type name. It must not throw.
    /// </summary>
    /// <example><code>options.ErrorType = e => e is ClientResultException { Status: > 0 } http ? $"{http.Status}" : null; // the OpenAI
    /// client's</code></example>
    public Func<Exception, string?>? ErrorType { get; set; }

    /// <summary>
    /// Whether a call that the monitor's <see cref="GenerationMonitorOptions.Budgets"/> have no room for is refused with a
    /// <see cref="BudgetExceededException"/>, before it is sent. What the call may use is reserved when it begins and settled when it has
    /// ended, however it ended, by what it really used, or by the estimate where its provider does not tell. A refused call is not recorded: it was none. Default: <see langword="false"/>.
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
    /// <see cref="ChatOptions.MaxOutputTokens"/>, or no completion where that is not set: each caller may then overshoot by one answer. It
    /// must not throw.
    /// </summary>
    public Func<IReadOnlyCollection<ChatMessage>, ChatOptions?, BudgetEstimate>? BudgetEstimate { get; set; }
}
