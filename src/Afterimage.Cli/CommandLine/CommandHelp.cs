namespace Afterimage.Cli.CommandLine;

/// <summary>What the help of a command says beside its options.</summary>
/// <param name="Details">How it works, in lines of at most 80 columns.</param>
/// <param name="Examples">Command lines, each with a comment on a line of its own where it needs one.</param>
internal sealed record CommandHelp(string Details, IReadOnlyList<string> Examples);
