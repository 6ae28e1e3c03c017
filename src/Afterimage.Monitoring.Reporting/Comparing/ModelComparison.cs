using Afterimage.Monitoring.Reporting.Reports;

namespace Afterimage.Monitoring;

/// <summary>One model in two runs.</summary>
/// <param name="ModelName">The model; <c>unknown</c> for calls without one.</param>
/// <param name="A">The first run's use of it; <see langword="null"/> where there was none.</param>
/// <param name="B">The second run's use of it; <see langword="null"/> where there was none.</param>
public sealed record ModelComparison(string ModelName, ModelUse? A, ModelUse? B);
