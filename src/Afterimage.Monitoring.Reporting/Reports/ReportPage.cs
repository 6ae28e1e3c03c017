// This file is long because it is one page: the code is in the order of the page.
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Afterimage.Monitoring.Reporting.Figures;
using Afterimage.Monitoring.Reporting.Summaries;
using ScottPlot;

namespace Afterimage.Monitoring.Reporting.Reports;

/// <summary>A report as a single HTML page that needs nothing else: no script, no network, no file.</summary>
internal sealed class ReportPage
{
    private const int MaxFinishReasons = 20;
    private const int MaxMetrics = 100;
    private const int MaxRuns = 100;
    private const int MaxKey = 60;
    private const int MaxAlerts = 100;
    private const string Scores = "evaluation_score_";
    private const string FinishReason = "finish_reason:";
    private const string ModelUsage = "model_usage:";

    private static readonly Lazy<string> Style = new(() =>
    {
        using var reader = new StreamReader(typeof(ReportPage).Assembly.GetManifestResourceStream("report.css")!);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    });

    private readonly HtmlWriter _page;
    private readonly ReportData _data;
    private readonly RunSummary _summary;
    private readonly List<(string Id, string Title, Action Write)> _sections = [];

    private ReportPage(TextWriter output, ReportData data)
    {
        _page = new HtmlWriter(output);
        _data = data;
        _summary = data.Summary;
    }

    public static void Write(TextWriter output, ReportData data) => new ReportPage(output, data).Write();

    private void Write()
    {
        string name = Path.GetFileName(_summary.LogDirectory) is { Length: > 0 } last ? last : _summary.LogDirectory;
        string digest = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style.Value)));
        _page.Write($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-
            """);
        _page.WriteMarkup(digest);
        _page.Write($"""
            '; base-uri 'none'; form-action 'none'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="referrer" content="no-referrer">
            <title>{Format.Name(name, 80)} · afterimage report</title>
            <style>
            """);
        _page.WriteMarkup(Style.Value);
        _page.WriteMarkup("</style>\n</head>\n<body>\n");

        AddSections();
        WriteHeader(name);
        _page.WriteMarkup("<main>\n");
        WriteSummary();
        foreach ((string id, string title, Action write) in _sections)
        {
            _page.Write($"<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h2 id=\"{id}-title\">{title}</h2>\n");
            write();
            _page.WriteMarkup("</section>\n");
        }

        _page.WriteMarkup("</main>\n");
        WriteFooter();
        _page.WriteMarkup("</body>\n</html>\n");
    }

    private void AddSections()
    {
        Add(_data.Figures.Count > 0, "figures", "Figures", WriteFigures);
        Add(_data.Models.Count > 0, "models", "Tokens and cost by model", WriteModels);
        if (_data.Groups is { Rows.Count: > 0 } groups)
            Add(exists: true, "groups", $"Tokens and cost by {Format.Name(groups.Key.Name, MaxKey)}", WriteGroups);
        Add(_summary.Generations > 0 || _data.Alerts.Episodes.Count > 0, "alerts", "Alerts", WriteAlerts);
        Add(_data.Slowest.Count > 0, "slowest", "Slowest generations", WriteSlowest);
        Add(_summary.Generations > 0, "failures", "Failures", WriteFailures);
        Add(_summary.Evaluations > 0, "evaluations", "Evaluations", WriteEvaluations);
        Add(_summary.Metrics.Count > 0, "metrics", "All metrics", WriteMetrics);
        Add(_data.Runs.Count > 0, "runs", "Runs", WriteRuns);

        void Add(bool exists, string id, string title, Action write)
        {
            if (exists)
                _sections.Add((id, title, write));
        }
    }

    private void WriteHeader(string name)
    {
        _page.Write(
            $"<header>\n<p class=\"eyebrow\">Afterimage report</p>\n<h1><bdi>{ReportTable.Shortened(name)}</bdi></h1>\n<p class=\"lede\">");
        if (_summary.FirstTimestamp is { } first && _summary.LastTimestamp is { } last)
        {
            _page.Write($"{Format.Time(first)} to {Format.Time(last)}<span class=\"sep\"> · </span>");
            _page.Write($"{Format.Duration(last - first)}<span class=\"sep\"> · </span>");
        }

        _page.Write($"{RunStates()}</p>\n");
        if (_sections.Count > 1)
        {
            _page.WriteMarkup("<nav aria-label=\"Sections\"><ul>");
            foreach ((string id, string title, _) in _sections)
                _page.Write($"<li><a href=\"#{id}\">{title}</a></li>");
            _page.WriteMarkup("</ul></nav>\n");
        }

        _page.WriteMarkup("</header>\n");
    }

    private string RunStates()
    {
        if (_data.Runs.Count == 0)
            return "no run on record";
        if (_data.Runs.Count == 1)
            return "run " + State(_data.Runs[0]);
        return $"{Format.Count(_data.Runs.Count)} runs: "
            + string.Join(
                ", ",
                _data.Runs.GroupBy(State, StringComparer.Ordinal).Select(state => $"{Format.Count(state.Count())} {state.Key}"));
    }

    // A note on what a sum of money does not include.
    private static string Unknown(CostReport cost) => string.Join(", ", ((string?[])
    [
        cost.UnpricedTokenCount > 0 ? $"and {Format.Count(cost.UnpricedTokenCount)} tokens without a price" : null,
        cost.UsageMissingCount > 0 ? $"{Format.Count(cost.UsageMissingCount)} calls without usage" : null,
    ]).Where(part => part is not null));

    // The report only knows which processes are alive on its own machine.
    private static string State(LogRun run) =>
        run.End is not null ? "ended in order"
        : run.IsAlive ? "still going on"
        : run.Host == Environment.MachineName ? "killed"
        : "without an end on record";

    private void WriteSummary()
    {
        _page.WriteMarkup("<section id=\"summary\" aria-label=\"Summary\">\n");
        WriteNotes();
        if (_summary.Metrics.Count == 0)
        {
            _page.WriteMarkup("<p class=\"empty\">There are no records in this directory yet.</p>\n</section>\n");
            return;
        }

        _page.WriteMarkup("<dl class=\"tiles\">\n");
        if (_summary.Generations > 0)
            Tile("Generations", Format.Count(_summary.Generations), Rate());
        if (Metric("success_rate") is { } success)
        {
            MetricSummary? errors = Metric("error_rate");
            Tile("Success", Format.Percent(success.Mean), errors is null ? "" : $"{Format.Percent(errors.Mean)} with an error");
        }

        if (Metric("generation_time") is { } time)
            Tile("Generation time, median", Format.Seconds(time.P50), $"95 % within {Format.Seconds(time.P95)}");
        if (Metric("time_to_first_token") is { } firstToken)
            Tile("Time to first token, median", Format.Seconds(firstToken.P50), $"95 % within {Format.Seconds(firstToken.P95)}");
        if (_summary.Tokens.TotalTokens > 0)
            Tile(
                "Tokens",
                Format.Count(_summary.Tokens.TotalTokens),
                $"{Format.Count(_summary.Tokens.TotalPromptTokens)} prompt, "
                + $"{Format.Count(_summary.Tokens.TotalCompletionTokens)} completion"
            );
        if (_summary.Cost is { } cost)
            Tile(
                "Cost",
                Format.Dollars((double)cost.TotalUsd),
                Unknown(cost) is { Length: > 0 } unknown ? unknown : "US dollars");
        if (_summary.Evaluations > 0)
            Tile(
                "Evaluations",
                Format.Count(_summary.Evaluations),
                $"{Format.Percent(Metric("evaluation_error_rate")?.Mean ?? 0)} with an error");
        if (_summary.Generations > 0 || _data.Alerts.Episodes.Count > 0)
        {
            int firing = _data.Alerts.Episodes.Count(episode => episode.State == AlertEpisodeState.Firing);
            Tile("Alerts", Format.Count(_data.Alerts.Episodes.Count), firing > 0 ? $"{Format.Count(firing)} still firing" : "none firing");
        }

        _page.WriteMarkup("</dl>\n</section>\n");

        void Tile(string name, string value, string more) =>
            _page.Write($"<div><dt>{name}</dt><dd><span class=\"value\">{value}</span> <span class=\"more\">{more}</span></dd></div>\n");
    }

    private string Rate() => _summary.FirstTimestamp is { } first && _summary.LastTimestamp is { } last && (last - first).TotalSeconds >= 1
        ? $"{Format.Value(_summary.Generations / (last - first).TotalSeconds)} a second"
        : "";

    private void WriteNotes()
    {
        List<string> notes = [];
        if (_data.Runs.Any(run => run.IsAlive))
            notes.Add($"A run was still going on when this report was made ({Format.Time(_data.Made)}): what came later is not in it.");
        if (_summary.SkippedLines > 0)
            notes.Add(
                $"{Number(_summary.SkippedLines, "line was", "lines were")} skipped: "
                + "no valid records, as a process that is killed leaves them."
            );
        if (_summary.DroppedRecords > 0)
            notes.Add($"{Number(_summary.DroppedRecords, "record was", "records were")} dropped because a buffer was full.");
        if (_summary.FailedRecords > 0)
            notes.Add($"{Number(_summary.FailedRecords, "record was", "records were")} lost on the way to a handler.");
        if (_summary.NonFinitePoints > 0)
            notes.Add($"{Number(_summary.NonFinitePoints, "value was", "values were")} not a finite number, and is in no figure.");
        if (notes.Count == 0)
            return;

        _page.WriteMarkup("<ul class=\"notes\">\n");
        foreach (string note in notes)
            _page.Write($"<li>{note}</li>\n");
        _page.WriteMarkup("</ul>\n");
    }

    private void WriteFigures()
    {
        _page.WriteMarkup("<div class=\"figures\">\n");
        for (int i = 0; i < _data.Figures.Count; i++)
        {
            DrawnFigure figure = _data.Figures[i];
            Plot plot = figure.Plot;
            _page.Write($"<figure><figcaption><h3>{plot.Axes.Title.Label.Text}</h3>");
            WriteLegend(plot);
            _page.WriteMarkup("</figcaption>\n");
            string id = string.Create(CultureInfo.InvariantCulture, $"figure-{i + 1}");
            _page.WriteMarkup(InlineSvg.Of(figure, 560, 320, id + "w", "wide"));
            _page.WriteMarkup(InlineSvg.Of(figure, 340, 260, id + "n", "narrow"));
            _page.WriteMarkup("</figure>\n");
        }

        _page.WriteMarkup("</div>\n");
    }

    private void WriteLegend(Plot plot)
    {
        _page.WriteMarkup("<ul class=\"legend\">");
        foreach (LegendItem item in plot.Legend.GetItems().Where(item => item.LabelText.Length > 0))
        {
            string svg = item switch
            {
                { MarkerShape: MarkerShape.FilledDiamond, MarkerSize: > 0 } => Shape("M9 1l4 4l-4 4l-4 -4z", item.MarkerFillColor),
                { MarkerSize: > 0, LineWidth: 0 } => Shape("M9 1a4 4 0 1 1 -0.01 0z", item.MarkerFillColor),
                { LineWidth: > 0 } => Shape($"M1 {Half(item.LineWidth, -1)}h16v{Half(item.LineWidth, 2)}h-16z", item.LineColor),
                _ => Shape("M1 0h16v10h-16z", item.FillColor),
            };
            _page.WriteMarkup("<li>" + svg);
            _page.Write($"{item.LabelText}</li>");
        }

        _page.WriteMarkup("</ul>");

        static string Half(float width, int of) =>
            of < 0
                ? (5 - (Math.Min(width, 8) / 2)).ToString("0.##", CultureInfo.InvariantCulture)
                : Math.Min(width, 8).ToString("0.##", CultureInfo.InvariantCulture);

        static string Shape(string path, Color color) =>
            string.Create(
                CultureInfo.InvariantCulture,
                $"<svg class=\"key\" width=\"18\" height=\"10\" viewBox=\"0 0 18 10\" aria-hidden=\"true\"><path d=\"{path}\" "
                + $"fill=\"{InlineSvg.Color(color)}\" fill-opacity=\"{color.Alpha / 255.0:0.##}\"/></svg>"
            );
    }

    private void WriteGroups()
    {
        KeyGroups groups = _data.Groups!;
        bool hasUnpriced = groups.Rows.Any(group => group.UnpricedTokenCount > 0);
        bool hasMissing = groups.Rows.Any(group => group.UsageMissingCount > 0);
        List<Column> columns =
        [
            new(Format.Name(groups.Key.Name, MaxKey), ColumnKind.Text),
            new("generations", ColumnKind.Number),
            new("success", ColumnKind.Number),
            new("prompt tokens", ColumnKind.Number),
            new("completion tokens", ColumnKind.Number),
            new("total tokens", ColumnKind.Number),
            new("cost (US$)", ColumnKind.Number),
        ];
        if (hasUnpriced)
            columns.Add(new("unpriced tokens", ColumnKind.Number));
        if (hasMissing)
            columns.Add(new("calls without usage", ColumnKind.Number));

        int shown = Math.Min(groups.Rows.Count, ReportQuery.MaxModels);
        string caption = shown < groups.Rows.Count
            ? $"The {shown} values with the most tokens of {Format.Count(groups.Rows.Count)}"
            : "Every value, the one with the most tokens first";
        ReportTable.Write(_page, caption + "; tokens and cost include evaluations", [.. columns], groups.Rows.Take(shown).Select(Row));

        string?[] Row(KeySummary group)
        {
            List<string?> row =
            [
                group.Value ?? "(none)",
                Format.Count(group.Generations),
                group.SuccessRate is { } share ? Format.Percent(share) : null,
                Format.Count(group.PromptTokenCount),
                Format.Count(group.CompletionTokenCount),
                Format.Count(group.TotalTokenCount),
                group.CostUsd is { } dollars ? Format.Dollars((double)dollars) : null,
            ];
            if (hasUnpriced)
                row.Add(Format.Count(group.UnpricedTokenCount));
            if (hasMissing)
                row.Add(Format.Count(group.UsageMissingCount));
            return [.. row];
        }
    }

    private void WriteModels()
    {
        bool isPriced = _summary.Cost is not null;
        bool hasUnpriced = _summary.Cost is { UnpricedTokenCount: > 0 };
        bool hasMissing = _data.Models.Any(model => model.UsageMissingCount > 0);
        List<Column> columns =
        [
            new("model", ColumnKind.Text),
            new("generations", ColumnKind.Number),
            new("success", ColumnKind.Number),
            new("median time (s)", ColumnKind.Number),
            new("95 % within (s)", ColumnKind.Number),
            new("prompt tokens", ColumnKind.Number),
            new("completion tokens", ColumnKind.Number),
            new("total tokens", ColumnKind.Number),
        ];
        if (isPriced)
            columns.Add(new("cost (US$)", ColumnKind.Number));
        if (hasUnpriced)
            columns.Add(new("unpriced tokens", ColumnKind.Number));
        if (hasMissing)
            columns.Add(new("calls without usage", ColumnKind.Number));

        int shown = Math.Min(_data.Models.Count, ReportQuery.MaxModels);
        IEnumerable<string?[]> rows = _data
            .Models.Take(shown)
            .Select(model =>
                Row(
                    model.Model,
                    model.Generations,
                    model.Success,
                    Value(model.MedianSeconds),
                    Value(model.P95Seconds),
                    model.PromptTokens,
                    model.CompletionTokens,
                    model.TotalTokens,
                    model.CostUsd,
                    model.UnpricedTokenCount,
                    model.UsageMissingCount));
        if (_data.Models.Count > 1)
        {
            string all = shown < _data.Models.Count ? $"all {Format.Count(_data.Models.Count)} models" : "all";
            rows = rows.Append(Row(
                all,
                _summary.Generations,
                Metric("success_rate")?.Mean,
                Value(Metric("generation_time")?.P50),
                Value(Metric("generation_time")?.P95),
                _summary.Tokens.TotalPromptTokens,
                _summary.Tokens.TotalCompletionTokens,
                _summary.Tokens.TotalTokens,
                _summary.Cost?.TotalUsd,
                _summary.Cost?.UnpricedTokenCount ?? 0,
                _data.Models.Sum(model => model.UsageMissingCount)));
        }

        string caption =
            shown < _data.Models.Count
                ? $"The {shown} models with the most tokens of {Format.Count(_data.Models.Count)}"
                : "Every model, the one with the most tokens first";
        ReportTable.Write(_page, caption + "; tokens and cost include evaluations", [.. columns], rows);

        string?[] Row(
            string model,
            long generations,
            double? success,
            string? median,
            string? p95,
            long prompt,
            long completion,
            long total,
            decimal? cost,
            long unpriced,
            long missing)
        {
            List<string?> row =
            [
                model,
                Format.Count(generations),
                success is { } share ? Format.Percent(share) : null,
                median,
                p95,
                Format.Count(prompt),
                Format.Count(completion),
                Format.Count(total),
            ];
            if (isPriced)
                row.Add(cost is { } dollars ? Format.Dollars((double)dollars) : null);
            if (hasUnpriced)
                row.Add(Format.Count(unpriced));
            if (hasMissing)
                row.Add(Format.Count(missing));
            return [.. row];
        }
    }

    private void WriteAlerts()
    {
        AlertEpisode[] episodes = [.. _data.Alerts.Episodes.Reverse().Take(MaxAlerts)];
        if (_data.Alerts.SkippedLines > 0)
        {
            string skipped = Number(_data.Alerts.SkippedLines, "line of the alerts was", "lines of the alerts were");
            _page.Write($"<p>{skipped} skipped: no valid alerts.</p>\n");
        }

        if (episodes.Length == 0)
        {
            _page.WriteMarkup("<p class=\"empty\">No alert fired.</p>\n");
            return;
        }

        bool isCut = episodes.Length < _data.Alerts.Episodes.Count || _data.Alerts.OmittedAlerts > 0;
        ReportTable.Write(
            _page,
            isCut ? $"The latest {episodes.Length} alerts, the latest first" : "Alerts, the latest first",
            [
                new("since (UTC)", ColumnKind.Word),
                new("level", ColumnKind.Word),
                new("alert", ColumnKind.Text),
                new("message", ColumnKind.Text),
                new("lasted", ColumnKind.Word),
                new("announced", ColumnKind.Number),
            ],
            episodes.Select(episode =>
                (string?[])
                    [
                        Format.Time(episode.Start),
                        episode.Level.ToString().ToLowerInvariant(),
                        episode.Name,
                        episode.Message,
                        episode.State switch
                        {
                            AlertEpisodeState.Firing => "still firing",
                            AlertEpisodeState.RunEnded => episode.Duration is { } time
                                ? $"{Format.Duration(time)}, to the end of the run"
                                : "to the end of the run",
                            _ => Format.Duration(episode.Duration ?? TimeSpan.Zero),
                        },
                        episode.Announcements == 1 ? "once" : $"{Format.Count(episode.Announcements)} times",
                    ]));
    }

    private void WriteSlowest() =>
        WriteCalls(
            _summary.Generations > _data.Slowest.Count
                ? $"The {_data.Slowest.Count} slowest of {Format.Count(_summary.Generations)} generations"
                : "All generations, the slowest first",
            _data.Slowest);

    private void WriteFailures()
    {
        if (_data.FailedCount == 0 && _data.Errors.Count == 0)
        {
            _page.WriteMarkup("<p class=\"empty\">No generation failed.</p>\n");
            return;
        }

        if (_data.Errors.Count > 0)
        {
            ReportTable.Write(
                _page,
                _data.ErrorKinds > _data.Errors.Count
                    ? $"The {_data.Errors.Count} most frequent of {Format.Count(_data.ErrorKinds)} errors"
                    : "Errors of generations and evaluations by kind",
                [
                    new("error", ColumnKind.Text),
                    new("calls", ColumnKind.Number),
                    new("models", ColumnKind.Number),
                    new("first (UTC)", ColumnKind.Word),
                    new("last (UTC)", ColumnKind.Word),
                ],
                _data.Errors.Select(error =>
                    (string?[])
                        [
                            error.Error,
                            Format.Count(error.Count),
                            Format.Count(error.Models),
                            Format.Time(error.First),
                            Format.Time(error.Last),
                        ]));
        }

        if (_data.Failed.Count > 0)
        {
            WriteCalls(
                _data.FailedCount > _data.Failed.Count
                    ? $"The latest {_data.Failed.Count} of {Format.Count(_data.FailedCount)} failed generations"
                    : "Failed generations, the latest first",
                _data.Failed);
        }

        (string Reason, long Count)[] reasons =
        [
            .. _summary.Metrics.Where(metric => metric.Key.StartsWith(FinishReason, StringComparison.Ordinal))
                .Select(metric => (metric.Key[FinishReason.Length..], metric.Value.Count))
                .OrderByDescending(reason => reason.Count),
        ];
        if (reasons.Length > 0)
        {
            ReportTable.Write(
                _page,
                reasons.Length > MaxFinishReasons
                    ? $"The {MaxFinishReasons} most frequent of {reasons.Length} finish reasons"
                    : "Finish reasons of all generations",
                [new("finish reason", ColumnKind.Text), new("generations", ColumnKind.Number), new("share", ColumnKind.Number)],
                reasons
                    .Take(MaxFinishReasons)
                    .Select(reason =>
                        (string?[])[reason.Reason, Format.Count(reason.Count), Format.Percent((double)reason.Count / _summary.Generations)])
            );
        }
    }

    private void WriteCalls(string caption, IReadOnlyList<CallRow> calls) =>
        ReportTable.Write(
            _page,
            caption,
            [
                new("ended (UTC)", ColumnKind.Word),
                new("model", ColumnKind.Text),
                new("time (s)", ColumnKind.Number),
                new("first token (s)", ColumnKind.Number),
                new("prompt tokens", ColumnKind.Number),
                new("completion tokens", ColumnKind.Number),
                new("outcome", ColumnKind.Word),
                new("finish reason", ColumnKind.Text),
                new("error", ColumnKind.Text),
            ],
            calls.Select(call =>
                (string?[])
                    [
                        Format.Time(call.Time),
                        call.Model,
                        Value(call.Seconds),
                        Value(call.FirstTokenSeconds),
                        call.PromptTokens is { } prompt ? Format.Count(prompt) : null,
                        call.CompletionTokens is { } completion ? Format.Count(completion) : null,
                        call.Success ? "success" : "failed",
                        call.FinishReason,
                        call.Error,
                    ]));

    private void WriteEvaluations()
    {
        KeyValuePair<string, MetricSummary>[] scores =
        [
            .. _summary.Metrics.Where(metric => metric.Key.StartsWith(Scores, StringComparison.Ordinal)),
        ];
        if (scores.Length > 0)
        {
            ReportTable.Write(
                _page,
                scores.Length > MaxMetrics ? $"{MaxMetrics} of {scores.Length} evaluation scores" : "Evaluation scores",
                [new("score", ColumnKind.Text), .. DistributionColumns],
                scores.Take(MaxMetrics).Select(score => (string?[])[score.Key[Scores.Length..], .. Distribution(score.Value)]));
        }

        ReportTable.Write(
            _page,
            "Evaluations by evaluator",
            [
                new("evaluator", ColumnKind.Text),
                new("evaluations", ColumnKind.Number),
                new("success", ColumnKind.Number),
                new("errors", ColumnKind.Number),
                new("mean time (s)", ColumnKind.Number),
            ],
            _data.Evaluators.Select(evaluator =>
                (string?[])
                    [
                        evaluator.Evaluator,
                        Format.Count(evaluator.Evaluations),
                        Format.Percent(evaluator.Success),
                        Format.Count(evaluator.Errors),
                        Value(evaluator.MeanSeconds),
                    ]));
        if (_data.Judged.Count > 0)
            WriteJudged();
    }

    private void WriteJudged() => ReportTable.Write(
        _page,
        "Lowest scores of generations that evaluations name",
        [
            new("score", ColumnKind.Text),
            new("value", ColumnKind.Number),
            new("evaluator", ColumnKind.Text),
            new("feedback", ColumnKind.Text),
            new("model", ColumnKind.Text),
            new("generation", ColumnKind.Text),
            new("time", ColumnKind.Text),
        ],
        _data.Judged.Select(judged =>
            (string?[])
                [
                    judged.Score,
                    Value(judged.Value),
                    judged.Evaluator,
                    judged.Feedback,
                    judged.Model,
                    judged.GenerationId,
                    Format.Time(judged.Time),
                ]));

    private void WriteMetrics()
    {
        // Each of these metrics is a count that a table above shows.
        KeyValuePair<string, MetricSummary>[] metrics =
        [
            .. _summary.Metrics.Where(metric =>
                !metric.Key.StartsWith(ModelUsage, StringComparison.Ordinal)
                && !metric.Key.StartsWith(FinishReason, StringComparison.Ordinal)),
        ];
        ReportTable.Write(
            _page,
            metrics.Length > MaxMetrics
                ? $"{MaxMetrics} of {Format.Count(metrics.Length)} metrics"
                : "Every metric over the whole time; exact",
            [new("metric", ColumnKind.Text), new("unit", ColumnKind.Word), .. DistributionColumns],
            metrics.Take(MaxMetrics).Select(metric => (string?[])[metric.Key, FigureSet.UnitOf(metric.Key), .. Distribution(metric.Value)])
        );
    }

    private static Column[] DistributionColumns =>
        [
            .. ((string[])["points", "mean", "least", "median", "95 %", "99 %", "greatest"]).Select(name => new Column(
                name,
                ColumnKind.Number)),
        ];

    private static string[] Distribution(MetricSummary metric) =>
        [
            Format.Count(metric.Count),
            .. ((double[])[metric.Mean, metric.Min, metric.P50, metric.P95, metric.P99, metric.Max]).Select(Format.Value),
        ];

    private void WriteRuns() =>
        ReportTable.Write(
            _page,
            _data.Runs.Count > MaxRuns ? $"The latest {MaxRuns} of {Format.Count(_data.Runs.Count)} runs" : "Runs, the latest first",
            [
                new("directory", ColumnKind.Text),
                new("started (UTC)", ColumnKind.Word),
                new("ended (UTC)", ColumnKind.Word),
                new("host", ColumnKind.Text),
                new("process", ColumnKind.Text),
                new("recorded", ColumnKind.Number),
            ],
            _data
                .Runs.Reverse()
                .Take(MaxRuns)
                .Select(run =>
                    (string?[])
                        [
                            Path.GetRelativePath(_summary.LogDirectory, run.Directory) is var path && path == "."
                                ? Path.GetFileName(_summary.LogDirectory)
                                : path,
                            Format.Time(run.Start),
                            run.End is { } end ? Format.Time(end) : State(run),
                            run.Host,
                            run.Process,
                            run.Recorded is { } recorded ? Format.Count(recorded) : null,
                        ]));

    private void WriteFooter() =>
        _page.Write(
            $"""
            <footer>
            <p>Made {Format.Time(_data.Made)} from {Number(_summary.Files.Count, "file", "files")} in <bdi>{ReportTable.Shortened(
                _summary.LogDirectory)}</bdi>. All times are UTC. Figures in tables are exact; a quantile q is
            the smallest value with at least the share q of all values at or below it.</p>
            </footer>

        """);

    private MetricSummary? Metric(string name) => _summary.Metrics.GetValueOrDefault(name);

    private static string? Value(double? value) => value is { } known ? Format.Value(known) : null;

    private static string Number(long count, string one, string many) => $"{Format.Count(count)} {(count == 1 ? one : many)}";
}
