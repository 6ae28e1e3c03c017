namespace Afterimage.Monitoring;

/// <summary>A figure with its 95 % confidence interval.</summary>
/// <param name="Value">The figure, in its metric's unit.</param>
/// <param name="Lower">The interval's lower end; <see langword="null"/> where the points are too few to give one.</param>
/// <param name="Upper">The interval's upper end; <see langword="null"/> where the points are too few to give one.</param>
public readonly record struct Estimate(double Value, double? Lower, double? Upper);
