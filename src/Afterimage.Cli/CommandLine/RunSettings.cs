using Afterimage.Monitoring;

namespace Afterimage.Cli.CommandLine;

/// <summary>Settings for how a run of demo or replay is monitored.</summary>
/// <param name="BudgetUsd">The budget of the run, in US dollars; <see langword="null"/>: none.</param>
/// <param name="Pricing">The prices of the models; <see langword="null"/>: nothing is priced.</param>
/// <param name="PricesNote">The source of the prices, for the report; <see langword="null"/> if there are no prices.</param>
/// <param name="Rules">Alert rules in addition to the built-in ones.</param>
internal sealed record RunSettings(decimal? BudgetUsd, ModelPricing? Pricing, string? PricesNote, IReadOnlyList<AlertRule> Rules)
{
    /// <summary>Returns the settings after checking that the budget counts every call.</summary>
    /// <param name="models">The models that the run calls.</param>
    /// <exception cref="InputException">There is a budget, and a model has no price.</exception>
    public RunSettings Checked(params IEnumerable<string> models)
    {
        if (BudgetUsd is not null && models.FirstOrDefault(model => Pricing?.Find(model) is null) is { } unpriced)
            throw new InputException(
                $"--budget-usd requires a price for the model '{Format.Name(unpriced, 60)}'. Give one with --pricing FILE.");
        return this;
    }
}
