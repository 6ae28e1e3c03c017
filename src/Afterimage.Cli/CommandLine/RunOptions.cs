using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Afterimage.Monitoring;

namespace Afterimage.Cli.CommandLine;

/// <summary>The options of demo and replay for how a run is monitored.</summary>
internal sealed class RunOptions
{
    private readonly Option<decimal?> _budget = new("--budget-usd")
    {
        Description = "Stop the run with exit code 3 when its calls have cost N US dollars. [default: no budget]",
        HelpName = "N",
        CustomParser = ParseDollars,
    };

    private readonly Option<string?> _pricing = PriceFile.Option();

    private readonly Option<string?> _rules = RuleFile.Option();

    public void AddTo(Command command)
    {
        command.Add(_budget);
        command.Add(_pricing);
        command.Add(_rules);
    }

    /// <param name="parsed">The command line.</param>
    /// <param name="pricing">The prices to use if no file is given.</param>
    /// <param name="pricesNote">The source of these prices.</param>
    /// <exception cref="InputException">A file cannot be read, or its content is wrong.</exception>
    public RunSettings Read(ParseResult parsed, ModelPricing? pricing, string? pricesNote)
    {
        if (parsed.GetValue(_pricing) is { } pricingFile)
        {
            pricing = PriceFile.Read(pricingFile);
            pricesNote = "from " + Format.Name(pricingFile, 60);
        }

        IReadOnlyList<AlertRule> rules = parsed.GetValue(_rules) is { } rulesFile ? RuleFile.Read(rulesFile) : [];
        return new RunSettings(parsed.GetValue(_budget), pricing, pricing is null ? null : pricesNote, rules);
    }

    public bool HasBudget(ParseResult parsed) => parsed.GetValue(_budget) is not null;

    private static decimal? ParseDollars(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (
            decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal dollars)
            && dollars is > 0 and < 1_000_000_000_000)
            return dollars;
        result.AddError($"--budget-usd must be an amount of US dollars such as 2.50, not '{Format.Name(text, 40)}'.");
        return null;
    }
}
