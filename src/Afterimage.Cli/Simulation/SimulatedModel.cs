namespace Afterimage.Cli.Simulation;

/// <summary>A model that only exists in the simulation.</summary>
/// <param name="Name">The name of the model, which says that it is simulated.</param>
/// <param name="Share">The model's share of the calls.</param>
/// <param name="FirstTokenMedian">The median of the log-normal time to first token, in seconds.</param>
/// <param name="SecondsPerToken">The time for each further token, in seconds.</param>
/// <param name="Quality">The median of the evaluation scores, from 0 to 1.</param>
internal sealed record SimulatedModel(string Name, double Share, double FirstTokenMedian, double SecondsPerToken, double Quality)
{
    public static IReadOnlyList<SimulatedModel> All { get; } =
    [
        new("simulated-large", 0.3, 0.65, 0.022, 0.88),
        new("simulated-small", 0.5, 0.35, 0.011, 0.80),
        new("simulated-mini", 0.2, 0.20, 0.006, 0.68),
    ];
}
