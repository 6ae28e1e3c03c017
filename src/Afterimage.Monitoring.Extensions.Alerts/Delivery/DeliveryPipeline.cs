using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace Afterimage.Monitoring.Delivery;

/// <summary>Attempts with a time limit each, and again after a while where the failure may pass.</summary>
internal sealed class DeliveryPipeline
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

    private readonly ResiliencePipeline _pipeline;
    private readonly TimeSpan _attemptTimeout;

    public DeliveryPipeline(AlertDeliveryOptions options, TimeProvider timeProvider)
    {
        _attemptTimeout = options.AttemptTimeout;
        var builder = new ResiliencePipelineBuilder { TimeProvider = timeProvider };
        if (options.RetryCount > 0)
        {
            builder.AddRetry(
                new RetryStrategyOptions
                {
                    MaxRetryAttempts = options.RetryCount,
                    BackoffType = DelayBackoffType.Exponential,
                    Delay = options.RetryDelay,
                    MaxDelay = LongestDelay,
                    UseJitter = true,
                    ShouldHandle = static arguments =>
                        ValueTask.FromResult(
                            arguments.Outcome.Exception is TimeoutRejectedException or DeliveryException { IsTransient: true }),
                    DelayGenerator = static arguments =>
                        ValueTask.FromResult(
                            arguments.Outcome.Exception is DeliveryException { RetryAfter: { } wait }
                                ? (TimeSpan?)(wait < LongestDelay ? wait : LongestDelay)
                                : null),
                });
        }

        _pipeline = builder.AddTimeout(options.AttemptTimeout).Build();
    }

    /// <param name="host">Who it goes to, for the log.</param>
    /// <param name="attempt">One attempt; it throws a <see cref="DeliveryException"/> where it fails.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async ValueTask RunAsync(string host, Func<CancellationToken, ValueTask> attempt, CancellationToken cancellationToken)
    {
        try
        {
            await _pipeline.ExecuteAsync(static (attempt, token) => attempt(token), attempt, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutRejectedException exception)
        {
            throw new DeliveryException(
                $"{host} did not answer within {_attemptTimeout.TotalSeconds:0.###} s",
                isTransient: true,
                exception);
        }
    }
}
