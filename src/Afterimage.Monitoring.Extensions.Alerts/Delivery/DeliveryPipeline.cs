using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace Afterimage.Monitoring.Delivery;

/// <summary>Runs attempts with a time limit each, and retries after a delay if the failure is transient.</summary>
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

    /// <param name="host">The host that is delivered to, for the log.</param>
    /// <param name="attempt">Makes one attempt. It must throw a <see cref="DeliveryException"/> if it fails.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
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
