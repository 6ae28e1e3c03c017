using System.CommandLine;
using Afterimage.Monitoring;

namespace Afterimage.Cli.CommandLine;

/// <summary>The options that select records in a fleet.</summary>
internal sealed class FleetFilterOptions
{
    private readonly TimeRangeOptions _times = new();
    private readonly Option<string?> _host = new("--host") { Description = "Read only runs of this machine.", HelpName = "NAME" };
    private readonly Option<string?> _service = new("--service") { Description = "Read only runs of this service.", HelpName = "NAME" };
    private readonly Option<string?> _model = new("--model") { Description = "Read only records of this model.", HelpName = "NAME" };
    private readonly Option<KeyValuePair<string, string>?> _tag = new("--tag")
    {
        Description = "Read only records with this tag.",
        HelpName = "KEY=VALUE",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (text.IndexOf('=', StringComparison.Ordinal) is > 0 and var end)
                return new(text[..end], text[(end + 1)..]);
            result.AddError($"--tag must be KEY=VALUE, not '{Format.Name(text, 40)}'.");
            return null;
        },
    };

    /// <summary>Creates the argument that names a run.</summary>
    public static Argument<string?> Run() => new("RUN")
    {
        Description = "Read only this run, by its name or its ID. [default: all runs]",
        Arity = ArgumentArity.ZeroOrOne,
    };

    /// <param name="command">The command.</param>
    /// <param name="hasRecords">Whether the command reads records, which have models and tags.</param>
    public void AddTo(Command command, bool hasRecords = true)
    {
        _times.AddTo(command);
        command.Add(_host);
        command.Add(_service);
        if (!hasRecords)
            return;
        command.Add(_model);
        command.Add(_tag);
    }

    public FleetFilter Filter(ParseResult parsed, string? run = null)
    {
        (DateTimeOffset? since, DateTimeOffset? until) = _times.Range(parsed);
        return new FleetFilter
        {
            Since = since,
            Until = until,
            Run = run,
            Host = parsed.GetValue(_host),
            Service = parsed.GetValue(_service),
            ModelName = parsed.GetValue(_model),
            Tag = parsed.GetValue(_tag),
        };
    }
}
