namespace Afterimage.Monitoring.Server.Runs;

/// <summary>The part of a run that is asked for.</summary>
/// <param name="Window">How far back to go from the end of the run, or from now if it is live; null: the whole run.</param>
/// <param name="Step">The least width of the buckets of series.</param>
internal readonly record struct RunView(TimeSpan? Window, TimeSpan Step);
