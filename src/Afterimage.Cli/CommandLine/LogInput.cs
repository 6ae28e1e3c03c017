using System.CommandLine;
using Afterimage.Monitoring;

namespace Afterimage.Cli.CommandLine;

/// <summary>The input of a command: log directories and a time span. Reports what cannot be read.</summary>
internal sealed class LogInput
{
    private readonly TimeRangeOptions _times = new();

    /// <param name="behind">What follows the directories, as the help calls it.</param>
    public LogInput(string? behind = null)
    {
        Directories = new Argument<string[]>("LOG_DIR")
        {
            Description = $"Read these log directories, or names of runs in ./{RunNames.Root}. [default: the newest run there]",
            HelpName = behind is null ? "LOG_DIR" : $"LOG_DIR... {behind}",
            Arity = behind is null ? ArgumentArity.ZeroOrMore : ArgumentArity.OneOrMore,
        };
    }

    public Argument<string[]> Directories { get; }

    public void AddTo(Command command, bool hasSpan = true)
    {
        command.Arguments.Insert(0, Directories);
        if (hasSpan)
            _times.AddTo(command);
    }

    /// <summary>Does <paramref name="work"/> with the directories of the command line.</summary>
    /// <exception cref="InputException">There is no such log directory, or <paramref name="work"/> could not read or write.</exception>
    public Task<int> UseAsync(
        ParseResult parsed,
        Func<LogDirectory, Task<int>> work,
        CancellationToken cancellationToken,
        bool mustHaveRecords = true) =>
        UseAsync(parsed, parsed.GetValue(Directories) ?? [], work, cancellationToken, mustHaveRecords);

    /// <summary>Does <paramref name="work"/> with some directories.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="given">The directories; none: the newest run.</param>
    /// <param name="work">The work to do with them.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <param name="mustHaveRecords">Whether there must be a file of records.</param>
    /// <returns>The result of the work, or the exit code of an interrupted command.</returns>
    /// <exception cref="InputException">There is no such log directory, or <paramref name="work"/> could not read or write.</exception>
    public Task<int> UseAsync(
        ParseResult parsed,
        IReadOnlyList<string> given,
        Func<LogDirectory, Task<int>> work,
        CancellationToken cancellationToken,
        bool mustHaveRecords = true) =>
        GuardAsync(async () =>
        {
            LogDirectory log = await OpenAsync(given, mustHaveRecords, cancellationToken);
            return await work(Narrow(parsed, log));
        });

    /// <summary>Opens directories as one.</summary>
    /// <param name="given">The directories; none: the newest run.</param>
    /// <param name="mustHaveRecords">Whether there must be a file of records in each.</param>
    /// <param name="cancellationToken">A token to cancel the search for the newest run.</param>
    /// <exception cref="InputException">There is no such log directory.</exception>
    public static async Task<LogDirectory> OpenAsync(
        IReadOnlyList<string> given,
        bool mustHaveRecords,
        CancellationToken cancellationToken)
    {
        string[] paths = [.. given.Select(RunNames.Resolve)];
        if (paths.Length == 0)
        {
            paths = [await RunNames.NewestAsync(cancellationToken)];
            await Console.Error.WriteLineAsync($"afterimage: reading the newest run, {Format.Name(Format.ShortPath(paths[0]), 400)}");
        }

        foreach (string path in mustHaveRecords ? paths : [])
        {
            LogDirectory one = LogDirectory.Open(path);
            if (!one.HasRecordFiles)
                throw new InputException($"'{one.Path}' is not a log directory: no metrics*.jsonl in it or below it.");
        }

        return LogDirectory.Open(paths);
    }

    /// <summary>Restricts the log directory to the time span of the command line.</summary>
    public LogDirectory Narrow(ParseResult parsed, LogDirectory log)
    {
        (DateTimeOffset? since, DateTimeOffset? until) = _times.Range(parsed);
        return since is null && until is null ? log : log.Between(since, until);
    }

    /// <summary>Does <paramref name="work"/> with log directories.</summary>
    /// <returns>The result of the work, or the exit code of an interrupted command.</returns>
    /// <exception cref="InputException">The work could not read or write.</exception>
    public static async Task<int> GuardAsync(Func<Task<int>> work)
    {
        try
        {
            return await work();
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
        catch (ArgumentException exception)
        {
            throw new InputException(WithoutParameter(exception), exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InputException(exception.Message, exception);
        }
    }

    /// <summary>Reports on standard error what was left out.</summary>
    public static async Task SaySkippedAsync(long lines, string what = "records")
    {
        if (lines > 0)
            await Console.Error.WriteLineAsync($"afterimage: {Skipped(lines)}: not valid {what}.");
    }

    public static string Skipped(long lines) => lines == 1 ? "1 line was skipped" : $"{Format.Count(lines)} lines were skipped";

    /// <summary>Returns the message without the name of a parameter, which means nothing to the person who typed a command.</summary>
    public static string WithoutParameter(ArgumentException exception)
    {
        string suffix = $" (Parameter '{exception.ParamName}')";
        return exception.Message.EndsWith(suffix, StringComparison.Ordinal) ? exception.Message[..^suffix.Length] : exception.Message;
    }
}
