using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Formatting.Json;
using ZLogger;

namespace Afterimage.Benchmarks;

/// <summary>The loggers that a user would otherwise use, writing the same fields as JSON lines, in their fastest ordinary
/// setting.</summary>
internal static class Peers
{
    public static global::Serilog.Core.Logger Serilog(string path) => new LoggerConfiguration()
        .WriteTo.File(new JsonFormatter(), path, fileSizeLimitBytes: null, buffered: true)
        .CreateLogger();

    public static ILoggerFactory ZLogger(string path) => LoggerFactory.Create(builder => builder
        .SetMinimumLevel(LogLevel.Information)
        .AddZLoggerFile(path, options => options.UseJsonFormatter()));

    public static void Log(global::Serilog.ILogger logger, int index) => logger.Information(
        "generation {Duration} {Success} {ModelName} {PromptTokenCount} {CompletionTokenCount} {TotalTokenCount} {FinishReason}",
        Sample.Duration(index).TotalSeconds,
        true,
        Sample.Model,
        Sample.Prompt(index),
        Sample.Completion(index),
        Sample.Prompt(index) + Sample.Completion(index),
        Sample.FinishReason);

    public static void Log(global::Serilog.ILogger logger, int index, string id) => logger.Information(
        "generation {Duration} {Success} {ModelName} {PromptTokenCount} {CompletionTokenCount} {TotalTokenCount} {FinishReason} "
        + "{Provider} {RequestModel} {Id} {TraceId} {SpanId} {Project} {Stage} {Attempt}",
        Sample.Duration(index).TotalSeconds,
        true,
        Sample.Model,
        Sample.Prompt(index),
        Sample.Completion(index),
        Sample.Prompt(index) + Sample.Completion(index),
        Sample.FinishReason,
        Sample.Provider,
        Sample.RequestModel,
        id,
        Sample.TraceId,
        Sample.SpanId,
        "atlas",
        "draft",
        index);

    public static void Log(Microsoft.Extensions.Logging.ILogger logger, int index)
    {
        double duration = Sample.Duration(index).TotalSeconds;
        bool success = true;
        long prompt = Sample.Prompt(index);
        long completion = Sample.Completion(index);
        long total = prompt + completion;
        logger.ZLogInformation(
            $"generation {duration} {success} {Sample.Model:@modelName} {prompt} {completion} {total} {Sample.FinishReason:@finishReason}");
    }
}
