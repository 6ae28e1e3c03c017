namespace Afterimage.Benchmarks;

/// <summary>The rows about <c>afterimage serve</c>.</summary>
internal sealed partial class Table
{
    private const string Aspire = "Aspire's dashboard";

    private void ServingRows()
    {
        IngestRows("grpc", "OTLP/gRPC");
        IngestRows("http", "OTLP/HTTP");

        double? full = Serving("start.afterimage.full.ms") * 1e6;
        double? empty = Serving("start.afterimage.empty.ms") * 1e6;
        double? its = Serving("start.aspire.ms") * 1e6;
        string runs = $"{Serving("start.runs"):#,0} finished runs";
        Row("from the start to the first page, empty root", Aspire, empty / its, null, empty, its, Time);
        Row($"the same, {runs}", $"{Aspire}, empty", full / its, null, full, its, Time);
        TimeAtMost($"the same, {runs}", full, 1e9);
        TimeAtMost("the same, all runs in the list", Serving("start.afterimage.listed.ms") * 1e6, null);

        FollowingRows("tail", 0.5);
        FollowingRows("pages", 1);
    }

    private void IngestRows(string key, string name)
    {
        (double? ours, double? its) Of(string figure) => (Serving($"{key}.afterimage.{figure}"), Serving($"{key}.aspire.{figure}"));

        (double? spans, double? itsSpans) = Of("spans");
        (double? seconds, double? itsSeconds) = Of("seconds");
        (double? used, double? itsUse) = Of("cpu");
        (double? peak, double? itsPeak) = Of("MiB");
        (double? kept, double? itsKept) = Of("kept");
        double? time = seconds * 1e9 / spans;
        double? itsTime = itsSeconds * 1e9 / itsSpans;
        double? work = used * 1e9 / spans;
        double? itsWork = itsUse * 1e9 / itsSpans;
        if (seconds is null)
            return;
        Row($"{name} to disk, a span", Aspire, time / itsTime, null, time, itsTime, Time);
        AtLeast("the same, spans a second", spans / seconds ?? double.NaN, "", 50_000);
        AtLeast("the same, spans a second, Aspire's dashboard", itsSpans / itsSeconds ?? double.NaN, "", null);
        Row("the same, processor time a span", Aspire, work / itsWork, null, work, itsWork, Time);
        Row("the same, peak resident MiB", Aspire, peak / itsPeak, null, peak, itsPeak, Number);
        Line("the same, found of what was acknowledged", Aspire, "", "", "", $"{kept:n0} of {spans:n0}", $"{itsKept:n0} of {itsSpans:n0}");
    }

    private void FollowingRows(string key, double cores)
    {
        if (Serving($"{key}.recordsAMinute") is not { } records)
            return;
        string name = key == "pages" ? $"{Serving("pages.pages"):0} open pages, the same runs" : $"{Serving("tail.runs"):0} live runs";
        AtMost($"{name}, {Number(records)} records a minute: cores", Serving($"{key}.cores"), "", cores);
        AtMost("the same, peak resident MiB", Serving($"{key}.MiB"), "", 512);
        TimeAtMost("the same, from the record to the API, median of 20", Serving($"{key}.delay.median") * 1e9, null);
        TimeAtMost("the same, longest", Serving($"{key}.delay.longest") * 1e9, 2e9);
        AtMost("the same, documents a second", Serving($"{key}.documentsASecond"), "", null);
    }

    private double? Serving(string name) => Facts.Read(_facts, $"serving.{name}");
}
