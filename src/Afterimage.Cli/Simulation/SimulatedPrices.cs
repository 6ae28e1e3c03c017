using Afterimage.Monitoring;

namespace Afterimage.Cli.Simulation;

/// <summary>Prices of the simulated models. They are fictitious, but of a realistic magnitude.</summary>
internal static class SimulatedPrices
{
    public static ModelPricing All { get; } = new(new Dictionary<string, ModelPrice>
    {
        ["simulated-large"] = new() { Input = 3, Output = 15 },
        ["simulated-small"] = new() { Input = 0.8m, Output = 4 },
        ["simulated-mini"] = new() { Input = 0.15m, Output = 0.6m },
        [SimulatedChatClient.JudgeModel] = new() { Input = 1, Output = 5 },
    });
}
