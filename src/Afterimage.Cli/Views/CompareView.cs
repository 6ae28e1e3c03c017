using System.Globalization;
using Afterimage.Monitoring;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Afterimage.Cli.Views;

/// <summary>Shows a comparison of runs as tables: the runs, metrics, models.</summary>
internal static class CompareView
{
    private const int MaxMetrics = 40;
    private const int MaxModels = 15;
    private const int MaxName = 26;
    private const string Thousandths = " in 1/1000";

    /// <summary>Renders the comparisons of one run with one or more others.</summary>
    public static IRenderable Render(IReadOnlyList<RunComparison> comparisons)
    {
        if (comparisons is [var only])
            return Render(only);

        List<IRenderable> parts = [Runs([comparisons[0].A, .. comparisons.Select(comparison => comparison.B)])];
        if (comparisons.Any(comparison => comparison.Metrics.Count > 0))
        {
            parts.Add(Changes(comparisons));
            parts.Add(new Text(
                "Each run with its change from A. *: beyond chance, where p, adjusted for "
                + $"{Format.Count(comparisons.Sum(comparison => comparison.Tests))} tests (Holm), is below 0.05.\n",
                new Style(Color.Grey)));
        }

        return new Rows(parts);
    }

    public static IRenderable Render(RunComparison comparison)
    {
        List<IRenderable> parts = [Runs([comparison.A, comparison.B])];
        if (comparison.Metrics.Count > 0)
        {
            parts.Add(Metrics(comparison.Metrics));
            parts.Add(new Text(
                $"n: points. beyond chance: p, adjusted for {Format.Count(comparison.Tests)} tests (Holm), is below 0.05.\n"
                + "Means: Welch's t test. Rates, shares, quantiles: Fisher's exact test.\n",
                new Style(Color.Grey)));
        }

        if (comparison.Models.Count > 0)
            parts.Add(Models(comparison.Models));
        return new Rows(parts);
    }

    private static Grid Runs(IReadOnlyList<RunSummary> runs)
    {
        var grid = new Grid { Expand = false };
        grid.AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(0, 0, 2, 0) })
            .AddColumn(new GridColumn { Padding = new Padding(0) });
        for (int i = 0; i < runs.Count; i++)
            Add(Letter(i), runs[i]);
        return grid;

        void Add(string name, RunSummary run)
        {
            grid.AddRow(
                new Text(name, new Style(decoration: Decoration.Bold)),
                new Text(Format.Name(Format.ShortPath(run.LogDirectory), 400)));
            string evaluations = run.Evaluations > 0 ? $", {Format.Count(run.Evaluations)} evaluations" : "";
            string time =
                run.FirstTimestamp is { } first && run.LastTimestamp is { } last ? $", {Format.Time(first)} to {Format.Time(last)}" : "";
            grid.AddRow(new Text(""), new Text($"{Format.Count(run.Generations)} generations{evaluations}{time}"));
            if (Money(run) is { } money)
                grid.AddRow(new Text(""), new Text(money));
            (long Count, string What)[] left =
            [
                (run.Cost?.UnpricedTokenCount ?? 0, "tokens without a price"),
                (run.Metrics.GetValueOrDefault("usage_missing")?.Count ?? 0, "calls without usage"),
                (run.SkippedLines, "lines skipped"),
                (run.NonFinitePoints, "points not finite"),
                (run.DroppedRecords, "records dropped"),
                (run.FailedRecords, "records failed"),
            ];
            if (left.Any(part => part.Count > 0))
                grid.AddRow(
                    new Text(""),
                    new Text(
                        string.Join(", ", left.Where(part => part.Count > 0).Select(part => $"{Format.Count(part.Count)} {part.What}")),
                        new Style(Color.Yellow)));
        }
    }

    /// <summary>Formats the cost of a run, in total and per result; returns null if it is unknown.</summary>
    private static string? Money(RunSummary run)
    {
        if (run.Cost is not { } cost || RunCost.Dollars(cost) is null)
            return null;

        return string.Join(", ", ((string?[])
        [
            RunCost.Text(run),
            cost.CostPerSuccessfulGeneration is { } success ? $"{Format.Dollars((double)success)} a successful generation" : null,
            cost.CostPerEvaluationPoint is { } point ? $"{Format.Dollars((double)point)} an evaluation point" : null,
        ]).OfType<string>());
    }

    /// <summary>Returns the letter that stands for a run: A, B, C, … Z, AA, AB, …</summary>
    public static string Letter(int number) =>
        (number >= 26 ? Letter((number / 26) - 1) : "") + (char)('A' + (number % 26));

    // One line per figure and one column per run. If the terminal is too narrow, columns on the right are left out.
    private static FittedTable Changes(IReadOnlyList<RunComparison> comparisons)
    {
        var table = new FittedTable(
            [("metric", 0), ("A", 0), .. comparisons.Select((_, i) => (Letter(i + 1), i == 0 ? 0 : comparisons.Count - i))]);
        string[] names =
        [
            .. comparisons.SelectMany(comparison => comparison.Metrics)
                .GroupBy(metric => metric.Name, StringComparer.Ordinal)
                .OrderByDescending(metrics => metrics.Any(HasFinding)).Take(MaxMetrics)
                .Select(metrics => metrics.Key)
                .Order(StringComparer.Ordinal),
        ];
        Dictionary<string, MetricComparison>[] byName =
            [.. comparisons.Select(comparison => comparison.Metrics.ToDictionary(metric => metric.Name, StringComparer.Ordinal))];
        foreach (string name in names)
        {
            MetricComparison[] metrics = [.. byName.Select(runs => runs.GetValueOrDefault(name)).OfType<MetricComparison>()];
            bool isRate = metrics.All(metric => metric.Kind != MetricKind.Number);
            double scale = !isRate && metrics.Max(Largest) is > 0 and < 0.1 ? 1000 : 1;
            string title = scale == 1 ? Format.Name(name, MaxName) : Format.Name(name, MaxName - Thousandths.Length) + Thousandths;
            ComparedFigure[] figures = isRate ? [ComparedFigure.Mean] : Enum.GetValues<ComparedFigure>();
            if (!isRate)
                table.AddRow((string[])[title, .. Enumerable.Repeat("", comparisons.Count + 1)]);
            foreach (ComparedFigure figure in figures)
            {
                MetricSample? a = metrics.Select(metric => metric.A).FirstOrDefault(sample => sample is not null);
                table.AddRow(
                [
                    new FittedCell(isRate ? title : "  " + figure.ToString().ToLowerInvariant()),
                    new FittedCell(Number(a?.Of(figure)?.Value)),
                    .. byName.Select(runs => Cell(runs.GetValueOrDefault(name), figure)),
                ]);
            }

            string Number(double? value) =>
                value is not { } given ? "" : isRate ? Format.Percent(given) : Format.Value(given * scale);

            FittedCell Cell(MetricComparison? metric, ComparedFigure figure)
            {
                FigureComparison? compared = metric?.Figures.FirstOrDefault(one => one.Figure == figure);
                bool isFinding = compared?.Verdict == ComparisonVerdict.BeyondChance;
                string text = Number(metric?.B?.Of(figure)?.Value);
                string change = Change(metric?.A?.Of(figure), compared?.Change, isRate, scale);
                return new FittedCell(
                    change.Length == 0 ? text : $"{text} ({change}){(isFinding ? "*" : " ")}",
                    new Style(isFinding ? Color.Yellow : null, decoration: isFinding ? Decoration.Bold : Decoration.None));
            }
        }

        int all = byName.SelectMany(run => run.Keys).Distinct(StringComparer.Ordinal).Count();
        if (all > names.Length)
            table.Caption = $"and {Format.Count(all - names.Length)} more metrics: --json has all";
        return table;
    }

    private static FittedTable Metrics(IReadOnlyList<MetricComparison> metrics)
    {
        var table = new FittedTable(
            ("metric", 0), ("A", 0), ("95 % of A", 1), ("B", 0), ("95 % of B", 2), ("change", 0), ("p", 3), ("chance", 4))
        {
            TextColumns = [2, 4, 7],
        };

        // If there are too many metrics to show, show those with a finding.
        MetricComparison[] shown =
        [
            .. metrics.OrderByDescending(HasFinding).Take(MaxMetrics).OrderBy(metric => metric.Name, StringComparer.Ordinal),
        ];
        foreach (MetricComparison metric in shown)
        {
            // Values such as the cost of a call have their digits far behind the decimal point.
            double scale = metric.Kind == MetricKind.Number && Largest(metric) is > 0 and < 0.1 ? 1000 : 1;
            string name =
                scale == 1 ? Format.Name(metric.Name, MaxName) : Format.Name(metric.Name, MaxName - Thousandths.Length) + Thousandths;

            // The points of a share are the generations, whose number is shown above.
            if (metric.Kind != MetricKind.Share)
                table.AddRow((string[])[name, Count(metric.A), "", Count(metric.B), "", "", "", ""]);

            foreach (FigureComparison figure in metric.Figures)
                table.AddRow(Figure(metric, figure, scale));
        }

        if (metrics.Count > shown.Length)
            table.Caption = $"and {Format.Count(metrics.Count - shown.Length)} more metrics: --json has all";
        return table;
    }

    private static bool HasFinding(MetricComparison metric) =>
        metric.Figures.Any(figure => figure.Verdict == ComparisonVerdict.BeyondChance);

    private static double Largest(MetricComparison metric) =>
        metric.Figures.SelectMany(figure => (Estimate?[])[metric.A?.Of(figure.Figure), metric.B?.Of(figure.Figure)])
            .Max(estimate => estimate is { } given ? Math.Abs(given.Value) : 0);

    private static string Count(MetricSample? sample) => sample?.Count switch
    {
        null => "",
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"n {sample.Count / 1e6:0.00}M"),
        { } count => "n " + Format.Count(count),
    };

    private static FittedCell[] Figure(MetricComparison metric, FigureComparison figure, double scale)
    {
        bool isRate = metric.Kind != MetricKind.Number;
        string label = metric.Kind switch
        {
            MetricKind.Share => Format.Name(metric.Name, MaxName),
            MetricKind.Rate => "  rate",
            _ => "  " + figure.Figure.ToString().ToLowerInvariant(),
        };
        bool isFinding = figure.Verdict == ComparisonVerdict.BeyondChance;
        var style = new Style(isFinding ? Color.Yellow : null, decoration: isFinding ? Decoration.Bold : Decoration.None);
        return
        [
            new FittedCell(label),
            new FittedCell(Value(metric.A?.Of(figure.Figure)?.Value)),
            new FittedCell(Interval(metric.A?.Of(figure.Figure)), new Style(Color.Grey)),
            new FittedCell(Value(metric.B?.Of(figure.Figure)?.Value)),
            new FittedCell(Interval(metric.B?.Of(figure.Figure)), new Style(Color.Grey)),
            new FittedCell(Change(metric.A?.Of(figure.Figure), figure.Change, isRate, scale), style),
            new FittedCell(
                figure.AdjustedPValue switch
                {
                    null => "",
                    < 0.001 => "<.001",
                    { } p => p.ToString("0.000", CultureInfo.InvariantCulture),
                }),
            new FittedCell(Verdict(metric, figure), isFinding ? style : new Style(Color.Grey)),
        ];

        string Value(double? value) => value is not { } given ? "" : isRate ? Format.Percent(given) : Number(given);

        string Number(double value) => Format.Value(value * scale);

        string Interval(Estimate? estimate) => estimate switch
        {
            null or { Lower: null, Upper: null } => "",
            { Lower: { } lower, Upper: { } upper } => isRate ? $"{Percent(lower)}–{Percent(upper)}" : $"{Number(lower)}–{Number(upper)}",
            { Lower: { } lower } => $"≥{Number(lower)}",
            { Upper: { } upper } => $"≤{Number(upper)}",
        };
    }

    private static string Percent(double share) => (share * 100).ToString("0.0", CultureInfo.InvariantCulture);

    // Show changes of rates in percentage points: five per cent of five per cent is easily misread.
    private static string Change(Estimate? a, Estimate? change, bool isRate, double scale = 1)
    {
        if (change is not { } given)
            return "";
        if (isRate)
            return Signed(given.Value * 100, "0.0") + " pp";
        return a is { Value: not 0 } from
            ? Signed(given.Value / Math.Abs(from.Value) * 100, "#,0.0") + " %"
            : (given.Value > 0 ? "+" : "") + Format.Value(given.Value * scale);

        static string Signed(double value, string format) => value.ToString($"+{format};-{format};{format}", CultureInfo.InvariantCulture);
    }

    private static string Verdict(MetricComparison metric, FigureComparison figure) => figure.Verdict switch
    {
        ComparisonVerdict.BeyondChance => "beyond",
        ComparisonVerdict.WithinChance => "within",
        ComparisonVerdict.TooFewPoints => "too few",
        ComparisonVerdict.NoSpread => figure.Change is { Value: 0 } ? "same" : "no spread",
        ComparisonVerdict.NotFinite => "too large",
        _ => metric.A is null ? "only in B" : metric.B is null ? "only in A" : "no points",
    };

    private static FittedTable Models(IReadOnlyList<ModelComparison> models)
    {
        bool hasCost = models.SelectMany(model => new[] { model.A, model.B })
            .Any(use => use is { CostUsd: not null } or { UnpricedTokenCount: > 0 });
        (string Title, int Keep)[] costs = hasCost ? [("cost A", 4), ("cost B", 5)] : [];
        var table = new FittedTable(
            [("model", 0), ("calls A", 1), ("calls B", 2), ("tokens A", 3), ("tokens B", 0), ("change", 0), .. costs]);
        foreach (ModelComparison model in models.Take(MaxModels))
        {
            List<string> row =
            [
                Format.Name(model.ModelName, MaxName),
                Number(model.A?.Generations),
                Number(model.B?.Generations),
                Number(model.A?.TotalTokenCount),
                Number(model.B?.TotalTokenCount),
                model is { A.TotalTokenCount: > 0, B: not null }
                    ? Change(
                        new Estimate(model.A.TotalTokenCount, null, null),
                        new Estimate(model.B.TotalTokenCount - model.A.TotalTokenCount, null, null),
                        isRate: false)
                    : "",
            ];
            if (hasCost)
                row.AddRange([Cost(model.A), Cost(model.B)]);
            table.AddRow(row);
        }

        if (models.Count > MaxModels)
            table.Caption = $"and {Format.Count(models.Count - MaxModels)} more models: --json has all";
        return table;

        static string Number(long? number) => number is { } given ? Format.Count(given) : "";

        static string Cost(ModelUse? use) => KeySummaryView.Cost(use?.CostUsd, use?.UnpricedTokenCount ?? 0);
    }
}
