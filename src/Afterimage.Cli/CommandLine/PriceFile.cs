using System.CommandLine;
using Afterimage.Monitoring;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Cli.CommandLine;

/// <summary>Reads a file of prices that a user names.</summary>
internal static class PriceFile
{
    public static Option<string?> Option() => new("--pricing")
    {
        Description = "Read the prices of models from this JSON or YAML file (docs/cost.md), or from the JSON file of LiteLLM.",
        HelpName = "FILE",
    };

    /// <summary>Reads the file, and reports on standard error what was left out, and why.</summary>
    /// <exception cref="InputException">The file cannot be read, or its content is wrong.</exception>
    public static ModelPricing Read(string path)
    {
        ModelPricing pricing = SettingsFile.Read(path, ModelPricing.Parse);
        if (LeftOutPrices.Text(pricing) is { } leftOut)
            Console.Error.WriteLine($"afterimage: {Format.Name(path, 60)}: {Format.Name(leftOut, 600)}");
        return pricing;
    }
}
