using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Afterimage.Monitoring;

/// <summary>Attaches a <see cref="GenerationMonitor"/> to the clients of Microsoft.Extensions.AI.</summary>
public static class GenerationMonitorBuilderExtensions
{
#pragma warning disable RS0026 // Overloads with optional parameters: their builders are of different types, so that no call is ambiguous.
    /// <summary>Records every call that comes by as one generation, plain or streamed, however it ends.</summary>
    /// <remarks>
    /// <para>A call ends as a success; as an error, where it throws; as <see cref="FinishReasons.Cancelled"/>, where its token was
    /// cancelled; or as <see cref="FinishReasons.Abandoned"/>, where its stream was left before the end. The last two are neither success
    /// nor error. A time-out is an error.</para>
    /// <para>What comes by depends on the place in the pipeline: outside of <c>UseFunctionInvocation</c> a conversation with its tool calls
    /// is one generation, with their tokens summed; inside, each request to the model is one. Outside of a cache, answers out of the cache
    /// count, inside they do not. Attach it once.</para>
    /// <para>With <see cref="GenerationMonitorMiddlewareOptions.EnforceBudget"/> the same holds for what is reserved. A retry outside of it
    /// should not try again on a <see cref="BudgetExceededException"/>.</para>
    /// </remarks>
    /// <param name="builder">The builder.</param>
    /// <param name="monitor">The monitor, which stays the caller's to dispose. Default: the one among the services that the client is built
    /// with.</param>
    /// <param name="configure">What to record. Default: everything but contents.</param>
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

    /// <summary>Records every call that comes by as one generation with the operation <c>embeddings</c>.</summary>
    /// <typeparam name="TInput">What is embedded.</typeparam>
    /// <typeparam name="TEmbedding">The embeddings.</typeparam>
    /// <param name="builder">The builder.</param>
    /// <param name="monitor">The monitor, which stays the caller's to dispose. Default: the one among the services that the generator is
    /// built with.</param>
    /// <param name="configure">What to record. Default: everything but contents; inputs are never recorded.</param>
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

    /// <summary>Records every call that comes by as one generation with the operation <c>generate_content</c> and the tag
    /// <c>gen_ai.output.type</c> of <c>text</c>.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="monitor">The monitor, which stays the caller's to dispose. Default: the one among the services that the client is built
    /// with.</param>
    /// <param name="configure">What to record. Default: everything but contents; audio is never recorded. A budget reserves one token for
    /// each call.</param>
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

    /// <summary>Records every call that comes by as one generation with the operation <c>generate_content</c> and the tag
    /// <c>gen_ai.output.type</c> of <c>image</c>.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="monitor">The monitor, which stays the caller's to dispose. Default: the one among the services that the generator is
    /// built with.</param>
    /// <param name="configure">What to record. Default: everything but contents; prompts and images are never recorded. A budget reserves
    /// a token for every four characters of the prompt.</param>
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
