using System.Globalization;
using Afterimage.Cli.Commands;
using Afterimage.Monitoring;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Afterimage.Cli.Views;

/// <summary>Two runs as tables: who they are, metrics, models.</summary>
internal static class CompareView
{
    private const int MaxMetrics = 40;
    private const int MaxModels = 15;
    private const int MaxName = 26;
    private const string Thousandths = " in 1/1000";

    public static IRenderable Render(RunComparison comparison)
    {
        List<IRenderable> parts = [Runs(comparison)];
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

    private static Grid Runs(RunComparison comparison)
    {
        var grid = new Grid { Expand = false };
        grid.AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(0, 0, 2, 0) })
            .AddColumn(new GridColumn { Padding = new Padding(0) });
        Add("A", comparison.A);
        Add("B", comparison.B);
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
            (long Count, string What)[] left =
            [
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

    private static Table Metrics(IReadOnlyList<MetricComparison> metrics)
    {
        Table table = Tables.Create("metric", "A", "95 % of A", "B", "95 % of B", "change", "p", "chance");
        foreach (int column in (int[])[2, 4, 7])
            table.Columns[column].Alignment = Justify.Left;

        // Where there are too many to show, those with a finding.
        MetricComparison[] shown =
        [
            .. metrics.OrderByDescending(HasFinding).Take(MaxMetrics).OrderBy(metric => metric.Name, StringComparer.Ordinal),
        ];
        foreach (MetricComparison metric in shown)
        {
            // Values such as the cost of a call have their digits far behind the point.
            double scale = metric.Kind == MetricKind.Number && Largest(metric) is > 0 and < 0.1 ? 1000 : 1;
            string name =
                scale == 1 ? Format.Name(metric.Name, MaxName) : Format.Name(metric.Name, MaxName - Thousandths.Length) + Thousandths;

            // The points of a share are the generations, which stand above.
            if (metric.Kind != MetricKind.Share)
                table.AddRow(Row(new Text(name), Count(metric.A), Count(metric.B)));

            foreach (FigureComparison figure in metric.Figures)
                table.AddRow(Figure(metric, figure, scale));
        }

        if (metrics.Count > shown.Length)
            table.Caption = Tables.More(metrics.Count - shown.Length, "metrics");
        return table;
    }

    private static bool HasFinding(MetricComparison metric) =>
        metric.Figures.Any(figure => figure.Verdict == ComparisonVerdict.BeyondChance);

    private static double Largest(MetricComparison metric) =>
        metric.Figures.SelectMany(figure => (Estimate?[])[metric.A?.Of(figure.Figure), metric.B?.Of(figure.Figure)])
            .Max(estimate => estimate is { } given ? Math.Abs(given.Value) : 0);

    private static IRenderable[] Row(Text name, string a, string b) =>
        [name, Tables.Number(a), new Text(""), Tables.Number(b), new Text(""), new Text(""), new Text(""), new Text("")];

    private static string Count(MetricSample? sample) => sample?.Count switch
    {
        null => "",
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"n {sample.Count / 1e6:0.00}M"),
        { } count => "n " + Format.Count(count),
    };

    private static IRenderable[] Figure(MetricComparison metric, FigureComparison figure, double scale)
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
            new Text(label),
            Tables.Number(Value(metric.A?.Of(figure.Figure)?.Value)),
            new Text(Interval(metric.A?.Of(figure.Figure)), new Style(Color.Grey)),
            Tables.Number(Value(metric.B?.Of(figure.Figure)?.Value)),
            new Text(Interval(metric.B?.Of(figure.Figure)), new Style(Color.Grey)),
            new Text(Change(metric.A?.Of(figure.Figure), figure.Change, isRate, scale), style),
            Tables.Number(
                figure.AdjustedPValue switch
                {
                    null => "",
                    < 0.001 => "<.001",
                    { } p => p.ToString("0.000", CultureInfo.InvariantCulture),
                }),
            new Text(Verdict(metric, figure), isFinding ? style : new Style(Color.Grey)),
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

    // Rates in points of a hundred: five per cent of five per cent are easily misread.
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

    private static Table Models(IReadOnlyList<ModelComparison> models)
    {
        bool hasCost = models.Any(model => model.A?.CostUsd is not null || model.B?.CostUsd is not null);
        Table table = hasCost
            ? Tables.Create("model", "calls A", "calls B", "tokens A", "tokens B", "change", "cost A", "cost B")
            : Tables.Create("model", "calls A", "calls B", "tokens A", "tokens B", "change");
        foreach (ModelComparison model in models.Take(MaxModels))
        {
            List<IRenderable> row =
            [
                Tables.Name(model.ModelName, MaxName),
                Number(model.A?.Generations),
                Number(model.B?.Generations),
                Number(model.A?.TotalTokens),
                Number(model.B?.TotalTokens),
                Tables.Number(
                    model is { A.TotalTokens: > 0, B: not null }
                        ? Change(
                            new Estimate(model.A.TotalTokens, null, null),
                            new Estimate(model.B.TotalTokens - model.A.TotalTokens, null, null),
                            isRate: false)
                        : ""),
            ];
            if (hasCost)
                row.AddRange([Cost(model.A), Cost(model.B)]);
            table.AddRow(row);
        }

        if (models.Count > MaxModels)
            table.Caption = Tables.More(models.Count - MaxModels, "models");
        return table;

        static Text Number(long? number) => Tables.Number(number is { } given ? Format.Count(given) : "");

        static Text Cost(ModelUse? use) => Tables.Number(use?.CostUsd is { } dollars ? Format.Dollars(dollars) : "");
    }
}
