using System.CommandLine;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Json;
using Afterimage.Cli.Views;
using Afterimage.Monitoring;
using Afterimage.Monitoring.Reporting.Snapshots;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage prices</c>: shows the price table in use, what it lacks, and how two tables differ.</summary>
internal static class PricesCommand
{
    public const string Name = "prices";

    public static readonly CommandHelp Help = new(
        """
        Lists the prices in force, in US dollars per million tokens: those of FILE, or
        the built-in table, with its date and the source of each price. With LOG_DIR, it
        lists the models of these logs that have no price there: the cost of a run with
        this table does not include their tokens. With --diff, it lists the differences
        between two files. --json also has the models of a file that have no price, with
        the reason.
        """,
        [
            "afterimage prices",
            "afterimage prices runs/today --pricing prices.json\n# the models that have no price in it",
            "afterimage prices --diff july.json november.json",
        ]);

    public static Command Create()
    {
        var directories = new Argument<string[]>("LOG_DIR")
        {
            Description = $"Look up the models of these log directories, or names of runs in ./{RunNames.Root}.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<string?> pricing = PriceFile.Option();
        var difference = new Option<string[]>("--diff")
        {
            Description = "List the differences between two price files, the older one first.",
            HelpName = "OLD NEW",
            Arity = new ArgumentArity(2, 2),
            AllowMultipleArgumentsPerToken = true,
        };
        Option<bool> json = CommonOptions.Json();
        var command = new Command(Name, "List prices, the models of a log that have no price, or the differences of two price files.")
        {
            directories, pricing, difference, json,
        };
        command.SetAction((parsed, cancellationToken) => LogInput.GuardAsync(async () =>
        {
            string[] given = parsed.GetValue(directories) ?? [];
            string? file = parsed.GetValue(pricing);
            if (parsed.GetValue(difference) is { Length: 2 } files)
            {
                if (given.Length > 0 || file is not null)
                    throw new InputException("--diff must not be combined with LOG_DIR or --pricing.");
                Compare(files[0], files[1], parsed.GetValue(json));
                return ExitCodes.Success;
            }

            ModelPricing prices = file is null ? ModelPricing.WellKnown : PriceFile.Read(file);
            if (given.Length == 0)
                List(prices, file, parsed.GetValue(json));
            else
                await FindMissingAsync(prices, file, given, parsed.GetValue(json), cancellationToken);
            return ExitCodes.Success;
        }));
        return command;
    }

    private static void List(ModelPricing prices, string? file, bool json)
    {
        if (json)
            PricesJson.WriteTable(prices, file);
        else
            Tables.Print(PricesView.Table(prices, file));
    }

    private static void Compare(string older, string newer, bool json)
    {
        IReadOnlyList<PriceChange> changes = PriceChange.Between(PriceFile.Read(older), PriceFile.Read(newer));
        if (json)
            PricesJson.WriteChanges(changes, older, newer);
        else if (changes.Count == 0)
            Console.WriteLine("no difference");
        else
            Tables.Print(PricesView.Changes(changes));
    }

    private static async Task FindMissingAsync(
        ModelPricing prices,
        string? file,
        string[] directories,
        bool json,
        CancellationToken cancellationToken)
    {
        LogDirectory log = await LogInput.OpenAsync(directories, mustHaveRecords: true, cancellationToken);
        (List<UnpricedModel> missing, int models) = await Task.Run(() => Look(prices, log, cancellationToken), cancellationToken);
        if (json)
            PricesJson.WriteMissing(missing, models, prices, file, log);
        else if (missing.Count == 0)
            await Console.Out.WriteLineAsync(models == 1 ? "the one model has a price" : $"all {Format.Count(models)} models have a price");
        else
            Tables.Print(PricesView.Missing(missing, models));
    }

    private static (List<UnpricedModel> Missing, int Models) Look(
        ModelPricing prices,
        LogDirectory log,
        CancellationToken cancellationToken)
    {
        List<UnpricedModel> missing = [];
        int models = 0;
        using LogQuery query = log.Query(
            $"""
            SELECT model_name, request_model, count(*), coalesce(sum({PointSource.TotalTokens}), 0)::DOUBLE AS tokens
            FROM calls AS r
            WHERE model_name IS NOT NULL OR request_model IS NOT NULL OR {PointSource.TotalTokens} IS NOT NULL
            GROUP BY ALL ORDER BY tokens DESC, 1, 2
            """,
            cancellationToken);
        while (query.Reader.Read())
        {
            string? answered = query.Reader.IsDBNull(0) ? null : query.Reader.GetString(0);
            string? asked = query.Reader.IsDBNull(1) ? null : query.Reader.GetString(1);
            models++;
            if ((answered is null ? null : prices.Find(answered)) is null && (asked is null ? null : prices.Find(asked)) is null)
                missing.Add(new UnpricedModel(answered, asked, query.Reader.GetInt64(2), (long)query.Reader.GetDouble(3)));
        }

        return (missing, models);
    }
}
