using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Afterimage.Monitoring.ClickHouse.Hosting;

/// <summary>Ships while the host runs, and what is left when it has stopped everything else.</summary>
internal sealed partial class FleetShippingService : IHostedLifecycleService, IProgress<ShippingStatus>, IDisposable
{
    private const string MeterName = "Afterimage.Monitoring.Fleet";

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(10);

    private readonly FleetShippingOptions _options;
    private readonly FleetShippingState _state;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger<FleetShippingService> _logger;
    private readonly Meter? _ownMeter;
    private readonly CancellationTokenSource _ending = new();
    private Fleet? _fleet;
    private Task _shipping = Task.CompletedTask;
    private string? _lastFailure;
    private long _shippedBefore;
    private long _failuresBefore;

    public FleetShippingService(
        FleetShippingOptions options,
        FleetShippingState state,
        IMeterFactory? meterFactory,
        TimeProvider? timeProvider,
        ILogger<FleetShippingService> logger)
    {
        _options = options;
        _state = state;
        _timeProvider = timeProvider ?? TimeProvider.System;
        _logger = logger;

        // A factory disposes its meters itself.
        Meter meter = meterFactory?.Create(MeterName) ?? (_ownMeter = new Meter(MeterName));
        meter.CreateObservableCounter(
            "afterimage.fleet.lines.shipped",
            () => _shippedBefore + Shipped(_state.Status),
            "{line}",
            "Lines brought into the cluster, or found there after a crash or an error.");
        meter.CreateObservableUpDownCounter(
            "afterimage.fleet.lines.pending",
            () => _state.Status?.LagLines ?? 0,
            "{line}",
            "Lines that are not in the cluster, approximately.");
        meter.CreateObservableGauge(
            "afterimage.fleet.lag",
            () => _state.Status?.Lag?.TotalSeconds ?? 0,
            "s",
            "Time since the oldest line that is not in the cluster was found.");
        meter.CreateObservableCounter(
            "afterimage.fleet.failures",
            () => _failuresBefore + (_state.Status?.Failures ?? 0),
            "{failure}",
            "Failed attempts to ship.");
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _options.Validate();
        Directory.CreateDirectory(_options.Root);
        _fleet = new Fleet(_options.Fleet!, _timeProvider);
        _shipping = Task.Run(() => ShipAsync(_fleet), CancellationToken.None);
        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        if (_fleet is null)
            return;

        await _ending.CancelAsync().ConfigureAwait(false);
        await _shipping.ConfigureAwait(false);
        try
        {
            await _fleet
                .ShipAsync(
                    _options.Root,
                    _options.Shipping with { Once = true, GiveUpAfter = _options.ShutdownTimeout },
                    this,
                    cancellationToken)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or UnauthorizedAccessException)
        {
            LogLeft(_options.Root, e);
        }
    }

    public void Report(ShippingStatus value)
    {
        _state.Status = value;
        if (value.LastFailure is { } failure && failure != _lastFailure)
            LogFailure(failure);
        _lastFailure = value.LastFailure;
    }

    public void Dispose()
    {
        _ownMeter?.Dispose();
        _fleet?.Dispose();
        _ending.Dispose();
    }

    private static long Shipped(ShippingStatus? status) => status is null ? 0 : status.ShippedLines + status.FoundLines;

    private async Task ShipAsync(Fleet fleet)
    {
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                await fleet.ShipAsync(_options.Root, _options.Shipping, this, _ending.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // The host stops.
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                LogFailure(e.Message);
                await Task.Delay(PauseAfterFailure, _timeProvider, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            // The next attempt counts from zero.
            _shippedBefore += Shipped(_state.Status);
            _failuresBefore += _state.Status?.Failures ?? 0;
            _state.Status = null;
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Shipping failed and will be tried again: {Failure}")]
    private partial void LogFailure(string failure);

    [LoggerMessage(2, LogLevel.Warning, "Lines below {Root} were left to be shipped after the next start")]
    private partial void LogLeft(string root, Exception exception);
}
