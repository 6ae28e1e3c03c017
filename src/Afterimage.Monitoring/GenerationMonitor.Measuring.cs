using System.Diagnostics.CodeAnalysis;
using Afterimage.Monitoring.Measuring;

namespace Afterimage.Monitoring;

// What times a call and records it.
public sealed partial class GenerationMonitor
{
    /// <summary>Begins to time a generation, which is recorded when the scope is told how it ended, or left.</summary>
    /// <param name="modelName">The model, unless <see cref="GenerationScope.Complete"/> is told another. Default: unknown.</param>
    /// <param name="provider">Who serves it. Default: unknown.</param>
    /// <param name="operation">What is asked of it. Default: unknown.</param>
    /// <returns>The scope, for <c>using</c>.</returns>
    /// <example>
    /// <code>
    /// using GenerationScope generation = monitor.MeasureGeneration("gpt-4o");
    /// Answer answer = await AskAsync(question);
    /// generation.Complete(new() { PromptTokenCount = answer.PromptTokens, CompletionTokenCount = answer.CompletionTokens });
    /// </code>
    /// </example>
    public GenerationScope MeasureGeneration(string? modelName = null, string? provider = null, string? operation = null) =>
        new(this, Measurement.Start(_clock), modelName, provider, operation);

    /// <summary>Begins to time an evaluation, which is recorded when the scope is told how it ended, or left.</summary>
    /// <param name="evaluatorType">Who or what evaluates, such as <c>coherence</c>.</param>
    /// <param name="modelName">The model that evaluates, unless the scope is told another. Default: unknown.</param>
    /// <returns>The scope, for <c>using</c>.</returns>
    /// <exception cref="ArgumentException"><paramref name="evaluatorType"/> is null or empty.</exception>
    public EvaluationScope MeasureEvaluation(string evaluatorType, string? modelName = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(evaluatorType);
        return new EvaluationScope(this, Measurement.Start(_clock), evaluatorType, modelName);
    }

#pragma warning disable RS0026 // Two overloads with optional names: the delegates tell them apart.
    /// <summary>Times a generation, and records it with the exception that leaves it, if one does.</summary>
    /// <remarks>
    /// A generation that returns is recorded as a success, unless it has told the scope otherwise. One that throws is recorded as failed
    /// with the exception's message and type, or as cancelled where that is an <see cref="OperationCanceledException"/>; the exception goes
    /// on to the caller.
    /// </remarks>
    /// <typeparam name="TResult">What the generation returns.</typeparam>
    /// <param name="generate">The generation. It may tell the scope what it knows.</param>
    /// <param name="modelName">The model, unless the scope is told another. Default: unknown.</param>
    /// <param name="provider">Who serves it. Default: unknown.</param>
    /// <param name="operation">What is asked of it. Default: unknown.</param>
    /// <returns>What <paramref name="generate"/> returns.</returns>
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

    /// <summary>Times an evaluation, and records it with the exception that leaves it, if one does.</summary>
    /// <remarks>
    /// An evaluation that returns is recorded as a success without scores, unless it has told the scope otherwise. One that throws is
    /// recorded as failed with the exception's message and type; a cancellation is no error. The exception goes on to the caller.
    /// </remarks>
    /// <typeparam name="TResult">What the evaluation returns.</typeparam>
    /// <param name="evaluatorType">Who or what evaluates, such as <c>coherence</c>.</param>
    /// <param name="evaluate">The evaluation. It tells the scope its scores.</param>
    /// <param name="modelName">The model that evaluates, unless the scope is told another. Default: unknown.</param>
    /// <returns>What <paramref name="evaluate"/> returns.</returns>
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
