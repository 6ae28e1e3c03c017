namespace Afterimage.Monitoring.Extensions.AI.Tests;

/// <summary>Tests that are alone in their time: what they export are the meters and spans of the whole process, other tests' monitors
/// too.</summary>
[CollectionDefinition(nameof(ExportedTelemetry), DisableParallelization = true)]
public sealed class ExportedTelemetry;
