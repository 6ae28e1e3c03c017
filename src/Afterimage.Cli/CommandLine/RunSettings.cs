using Afterimage.Cli.Commands;
using Afterimage.Monitoring;

namespace Afterimage.Cli.CommandLine;

/// <summary>What a run of demo or replay is watched with.</summary>
/// <param name="BudgetUsd">What it may cost, in US dollars; <see langword="null"/>: whatever it does.</param>
/// <param name="Pricing">The prices of its models; <see langword="null"/>: nothing is priced.</param>
/// <param name="PricesNote">Where the prices are from, for the report; <see langword="null"/> without prices.</param>
/// <param name="Rules">Alert rules beside the built-in ones.</param>
internal sealed record RunSettings(decimal? BudgetUsd, ModelPricing? Pricing, string? PricesNote, IReadOnlyList<AlertRule> Rules)
{
    /// <summary>Settings whose budget counts every call.</summary>
    /// <param name="models">The models that the run calls.</param>
    /// <exception cref="InputException">There is a budget, and a model without a price.</exception>
    public RunSettings Checked(params IEnumerable<string> models)
    {
        if (BudgetUsd is not null && models.FirstOrDefault(model => Pricing?.Find(model) is null) is { } unpriced)
            throw new InputException(
                $"--budget-usd needs a price for the model '{Format.Name(unpriced, 60)}': give one with --pricing FILE.");
        return this;
    }
}
