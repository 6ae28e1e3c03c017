using Afterimage.Monitoring.Measuring;

namespace Afterimage.Monitoring;

// Methods that time a call and record it.
public sealed partial class GenerationMonitor
{
    /// <summary>Begins to time a generation, which is recorded when the scope is given its outcome or is disposed.</summary>
    /// <param name="modelName">The model, unless <see cref="GenerationScope.Complete"/> is given another. Default: unknown.</param>
    /// <param name="provider">The provider that serves the model. Default: unknown.</param>
    /// <param name="operation">The operation, such as <c>chat</c>. Default: unknown.</param>
    /// <returns>The scope, for use in a <c>using</c> statement.</returns>
    /// <example>
    /// <code>
    /// using GenerationScope generation = monitor.MeasureGeneration("gpt-4o");
    /// Answer answer = await AskAsync(question);
    /// generation.Complete(new() { PromptTokenCount = answer.PromptTokens, CompletionTokenCount = answer.CompletionTokens });
    /// </code>
    /// </example>
    public GenerationScope MeasureGeneration(string? modelName = null, string? provider = null, string? operation = null) =>
        new(this, Measurement.Start(_clock), modelName, provider, operation);

    /// <summary>Begins to time an evaluation, which is recorded when the scope is given its outcome or is disposed.</summary>
    /// <param name="evaluatorType">The evaluator, such as <c>coherence</c>.</param>
    /// <param name="modelName">The model that evaluates, unless the scope is given another. Default: unknown.</param>
    /// <returns>The scope, for use in a <c>using</c> statement.</returns>
    /// <exception cref="ArgumentException"><paramref name="evaluatorType"/> is null or empty.</exception>
    public EvaluationScope MeasureEvaluation(string evaluatorType, string? modelName = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(evaluatorType);
        return new EvaluationScope(this, Measurement.Start(_clock), evaluatorType, modelName);
    }

#pragma warning disable RS0026 // Two overloads with optional names: the delegates tell them apart.
    /// <summary>Times a generation and records it, along with any exception that it throws.</summary>
    /// <remarks>
    /// A generation that returns is recorded as a success, unless the scope was given another outcome. A generation that throws is recorded
    /// as failed, with the exception's message and type; if the exception is an <see cref="OperationCanceledException"/>, it is recorded as
    /// cancelled. The exception is rethrown to the caller.
    /// </remarks>
    /// <typeparam name="TResult">The type of the generation's result.</typeparam>
    /// <param name="generate">The generation. It may pass details to the scope.</param>
    /// <param name="modelName">The model, unless the scope is given another. Default: unknown.</param>
    /// <param name="provider">The provider that serves the model. Default: unknown.</param>
    /// <param name="operation">The operation, such as <c>chat</c>. Default: unknown.</param>
    /// <returns>The result of <paramref name="generate"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="generate"/> is <see langword="null"/>.</exception>
    /// <example>
    /// <code>
    /// string text = await monitor.MeasureAsync(
    ///     async generation =>
    ///     {
    ///         Answer answer = await AskAsync(question);
    ///         generation.Complete(new() { PromptTokenCount = answer.PromptTokens, CompletionTokenCount = answer.CompletionTokens });
    ///         return answer.Text;
    ///     },
    ///     "gpt-4o");
    /// </code>
    /// </example>
    public async Task<TResult> MeasureAsync<TResult>(
        Func<GenerationScope, Task<TResult>> generate,
        string? modelName = null,
        string? provider = null,
        string? operation = null)
    {
        ArgumentNullException.ThrowIfNull(generate);
        using GenerationScope generation = MeasureGeneration(modelName, provider, operation);
        TResult result;
        try
        {
            result = await generate(generation).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            generation.FailIfOpen(exception);
            throw;
        }

        generation.CompleteIfOpen();
        return result;
    }

    /// <inheritdoc cref="MeasureAsync{TResult}(Func{GenerationScope, Task{TResult}}, string?, string?, string?)"/>
    public Task MeasureAsync(
        Func<GenerationScope, Task> generate,
        string? modelName = null,
        string? provider = null,
        string? operation = null)
    {
        ArgumentNullException.ThrowIfNull(generate);
        return MeasureAsync(
            async generation =>
            {
                await generate(generation).ConfigureAwait(false);
                return true;
            },
            modelName,
            provider,
            operation);
    }

    /// <summary>Times an evaluation and records it, along with any exception that it throws.</summary>
    /// <remarks>
    /// An evaluation that returns is recorded as a success without scores, unless the scope was given another outcome. An evaluation that
    /// throws is recorded as failed, with the exception's message and type; a cancellation is not recorded as an error. The exception is
    /// rethrown to the caller.
    /// </remarks>
    /// <typeparam name="TResult">The type of the evaluation's result.</typeparam>
    /// <param name="evaluatorType">The evaluator, such as <c>coherence</c>.</param>
    /// <param name="evaluate">The evaluation. It passes its scores to the scope.</param>
    /// <param name="modelName">The model that evaluates, unless the scope is given another. Default: unknown.</param>
    /// <returns>The result of <paramref name="evaluate"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="evaluate"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException"><paramref name="evaluatorType"/> is null or empty.</exception>
    public async Task<TResult> MeasureAsync<TResult>(
        string evaluatorType,
        Func<EvaluationScope, Task<TResult>> evaluate,
        string? modelName = null)
    {
        ArgumentNullException.ThrowIfNull(evaluate);
        using EvaluationScope evaluation = MeasureEvaluation(evaluatorType, modelName);
        TResult result;
        try
        {
            result = await evaluate(evaluation).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            evaluation.FailIfOpen(exception);
            throw;
        }

        evaluation.CompleteIfOpen();
        return result;
    }

    /// <inheritdoc cref="MeasureAsync{TResult}(string, Func{EvaluationScope, Task{TResult}}, string?)"/>
    public Task MeasureAsync(string evaluatorType, Func<EvaluationScope, Task> evaluate, string? modelName = null)
    {
        ArgumentNullException.ThrowIfNull(evaluate);
        return MeasureAsync(
            evaluatorType,
            async evaluation =>
            {
                await evaluate(evaluation).ConfigureAwait(false);
                return true;
            },
            modelName);
    }
#pragma warning restore RS0026
}
