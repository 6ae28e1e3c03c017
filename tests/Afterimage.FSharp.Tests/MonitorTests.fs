/// The API as F# sees it: optional arguments, structs that are passed by reference, out parameters, delegates.
module Afterimage.FSharp.Tests.MonitorTests

open System
open System.Collections.Generic
open System.IO
open System.Threading.Tasks
open Afterimage.Monitoring
open Xunit

let private inMemory configure =
    let options = GenerationMonitorOptions(WriteFiles = false, MetricsInterval = TimeSpan.Zero)
    configure options
    new GenerationMonitor(options)

let private second = TimeSpan.FromSeconds 1.0

[<Fact>]
let ``Generations are recorded with and without details`` () =
    use monitor = inMemory ignore
    let details = GenerationDetails(ModelName = "a", PromptTokenCount = 3L, CompletionTokenCount = 2L)
    monitor.TrackGeneration(second, true)
    monitor.TrackGeneration(second, true, &details)

    Assert.Equal(2L, monitor.GetMetrics("generation_time").Count)
    Assert.Equal(5L, monitor.GetTotalTokenUsage().TotalTokens)

[<Fact>]
let ``Evaluations are recorded with scores of either kind`` () =
    use monitor = inMemory ignore
    let details = EvaluationDetails(ModelName = "judge", GenerationId = "g1")
    let scores = dict [ "s", 0.5 ] |> Dictionary :> IReadOnlyDictionary<_, _>
    let withFeedback = dict [ "s", EvaluationScore(1.0, "good") ] |> Dictionary :> IReadOnlyDictionary<_, _>
    monitor.TrackEvaluation(second, true, "coherence", scores)
    monitor.TrackEvaluation(second, true, "coherence", withFeedback, &details)

    Assert.Equal(0.75, monitor.GetMetrics("evaluation_score_s").Mean)

[<Fact>]
let ``Figures can be asked for by query, by dimension and over time`` () =
    use monitor = inMemory (fun options -> options.Dimensions.Add "tenant")
    let details = GenerationDetails(ModelName = "a", Tags = [| KeyValuePair("tenant", box "t1") |])
    monitor.TrackGeneration(second, true, &details)
    let query = MetricQuery(ModelName = "a", Window = Nullable(TimeSpan.FromHours 1.0))

    Assert.Equal(1L, monitor.GetMetrics("generation_time", &query).Count)
    Assert.Equal(1L, monitor.GetMetricsBy("generation_time", "tenant").["t1"].Count)
    Assert.Equal(1L, monitor.GetMetricsBy("generation_time", "model_name", &query).["a"].Count)
    let buckets = monitor.GetTimeSeries("generation_time", TimeSpan.FromMinutes 1.0, &query)
    Assert.Equal(1L, buckets |> Seq.sumBy _.Aggregate.Count)

[<Fact>]
let ``A scope is disposed by use, and a delegate is measured`` () =
    task {
        use monitor = inMemory ignore

        let measured () =
            use scope = monitor.MeasureGeneration "a"
            scope.MarkFirstToken()
            let details = GenerationDetails(PromptTokenCount = 3L)
            scope.Complete(&details)

        measured ()
        let! answer = monitor.MeasureAsync(fun (_: GenerationScope) -> Task.FromResult 42)

        Assert.Equal(42, answer)
        Assert.Equal(1.0, monitor.GetMetrics("success_rate").Mean)
    }

[<Fact>]
let ``Handlers are object expressions and functions`` () =
    let alerts = List<Alert>()
    let records = InMemoryRecords()

    use monitor =
        inMemory (fun options ->
            options.MetricHandlers.Add records
            options.AlertHandlers.Add(Action<Alert>(alerts.Add)))

    for _ in 1..20 do
        monitor.TrackGeneration(second, false)

    monitor.CheckAlerts() |> ignore
    monitor.Dispose()
    Assert.Equal(20, records.Records.Count)
    Assert.NotEmpty alerts

[<Fact>]
let ``Budgets are reserved with an out parameter as a tuple`` () =
    use monitor =
        inMemory (fun options -> options.Budgets.Add(Budget(Name = "b", Limit = 10m, Unit = BudgetUnit.Tokens)))

    let estimate = BudgetEstimate(PromptTokenCount = 8L)
    let granted, reservation = monitor.TryReserve(&estimate)
    let again, _ = monitor.TryReserve(&estimate)

    Assert.True granted
    Assert.False again
    reservation |> Option.ofObj |> Option.iter _.Dispose()

[<Fact>]
let ``A log directory is summarized, queried and exported`` () =
    task {
        let directory = Directory.CreateTempSubdirectory("afterimage-fsharp-").FullName

        try
            let record () =
                use monitor = new GenerationMonitor(GenerationMonitorOptions(LogDirectory = directory))
                monitor.TrackGeneration(second, true)

            record ()
            let log = LogDirectory.Open directory
            Assert.Equal(1L, log.Summarize().Generations)
            use! query = log.QueryAsync "SELECT count(*) FROM generations"
            Assert.True(query.Reader.Read())
            Assert.Equal(1L, query.Reader.GetInt64 0)
            let! exported = log.ExportMetricsAsync(Path.Combine(directory, "out.csv"), ExportFormat.Csv, ExportOptions(SingleFile = true))
            Assert.Equal(1, exported.Files.Count)
        finally
            Directory.Delete(directory, true)
    }
