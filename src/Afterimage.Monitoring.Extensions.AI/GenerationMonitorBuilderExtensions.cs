using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Afterimage.Monitoring;

/// <summary>Extension methods that attach a <see cref="GenerationMonitor"/> to the clients of Microsoft.Extensions.AI.</summary>
public static class GenerationMonitorBuilderExtensions
{
#pragma warning disable RS0026 // Overloads with optional parameters: their builders are of different types, so that no call is ambiguous.
    /// <summary>Records every call that passes through the pipeline as one generation, streamed or not, however it ends.</summary>
    /// <remarks>
    /// <para>A call that throws is recorded as an error. A call whose token was cancelled is recorded as
    /// <see cref="FinishReasons.Cancelled"/>; a call whose stream was left before its end, as <see cref="FinishReasons.Abandoned"/>. These
    /// two are neither success nor error. A time-out is an error. Any other call is a success.</para>
    /// <para>What is recorded depends on the monitor's place in the pipeline. Outside <c>UseFunctionInvocation</c>, a conversation with its
    /// tool calls is one generation, with their tokens summed; inside, each request to the model is one. Outside a cache, answers from the
    /// cache are counted; inside, they are not. Attach the monitor only once.</para>
    /// <para>With <see cref="GenerationMonitorMiddlewareOptions.EnforceBudget"/>, the same applies to reservations. A retry policy outside
    /// the monitor should not retry after a <see cref="BudgetExceededException"/>.</para>
    /// </remarks>
    /// <param name="builder">The builder.</param>
    /// <param name="monitor">The monitor. It is not disposed with the pipeline. Default: the monitor in the services that the client is
    /// built with.</param>
    /// <param name="configure">Configures what is recorded. Default: everything except contents.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static ChatClientBuilder UseGenerationMonitor(
        this ChatClientBuilder builder,
        GenerationMonitor? monitor = null,
        Action<GenerationMonitorMiddlewareOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Use((inner, services) =>
            new MonitoredChatClient(inner, monitor ?? services.GetRequiredService<GenerationMonitor>(), Configured(configure)));
    }

    /// <summary>Records every call that passes through the pipeline as one generation with the operation <c>embeddings</c>.</summary>
    /// <typeparam name="TInput">The type of the inputs.</typeparam>
    /// <typeparam name="TEmbedding">The type of the embeddings.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="monitor">The monitor. It is not disposed with the pipeline. Default: the monitor in the services that the generator is
    /// built with.</param>
    /// <param name="configure">Configures what is recorded. Default: everything except contents. Inputs are never recorded.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static EmbeddingGeneratorBuilder<TInput, TEmbedding> UseGenerationMonitor<TInput, TEmbedding>(
        this EmbeddingGeneratorBuilder<TInput, TEmbedding> builder,
        GenerationMonitor? monitor = null,
        Action<GenerationMonitorMiddlewareOptions>? configure = null)
        where TEmbedding : Embedding
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Use(
            (inner, services) =>
                new MonitoredEmbeddingGenerator<TInput, TEmbedding>(
                    inner,
                    monitor ?? services.GetRequiredService<GenerationMonitor>(),
                    Configured(configure)));
    }

    /// <summary>Records every call that passes through the pipeline as one generation with the operation <c>generate_content</c> and the
    /// tag <c>gen_ai.output.type</c> with the value <c>text</c>.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="monitor">The monitor. It is not disposed with the pipeline. Default: the monitor in the services that the client is
    /// built with.</param>
    /// <param name="configure">Configures what is recorded. Default: everything except contents. Audio is never recorded. A budget reserves
    /// one token for each call.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    [Experimental("MEAI001")]
    public static SpeechToTextClientBuilder UseGenerationMonitor(
        this SpeechToTextClientBuilder builder,
        GenerationMonitor? monitor = null,
        Action<GenerationMonitorMiddlewareOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Use((inner, services) =>
            new MonitoredSpeechToTextClient(inner, monitor ?? services.GetRequiredService<GenerationMonitor>(), Configured(configure)));
    }

    /// <summary>Records every call that passes through the pipeline as one generation with the operation <c>generate_content</c> and the
    /// tag <c>gen_ai.output.type</c> with the value <c>image</c>.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="monitor">The monitor. It is not disposed with the pipeline. Default: the monitor in the services that the generator is
    /// built with.</param>
    /// <param name="configure">Configures what is recorded. Default: everything except contents. Prompts and images are never recorded. A
    /// budget reserves one token for every four characters of the prompt.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    [Experimental("MEAI001")]
    public static ImageGeneratorBuilder UseGenerationMonitor(
        this ImageGeneratorBuilder builder,
        GenerationMonitor? monitor = null,
        Action<GenerationMonitorMiddlewareOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Use((inner, services) =>
            new MonitoredImageGenerator(inner, monitor ?? services.GetRequiredService<GenerationMonitor>(), Configured(configure)));
    }
#pragma warning restore RS0026

    private static GenerationMonitorMiddlewareOptions Configured(Action<GenerationMonitorMiddlewareOptions>? configure)
    {
        var options = new GenerationMonitorMiddlewareOptions();
        configure?.Invoke(options);
        return options;
    }
}
