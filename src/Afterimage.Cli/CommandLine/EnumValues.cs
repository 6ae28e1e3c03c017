using System.CommandLine;

namespace Afterimage.Cli.CommandLine;

/// <summary>The values of options that accept one of several names, as the help shows them: in lower case.</summary>
internal static class EnumValues
{
    /// <returns>The names; none if the option is of another kind.</returns>
    public static string[] Of(Option option)
    {
        Type type = Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType;
        return type.IsEnum ? [.. Enum.GetNames(type).Select(name => name.ToLowerInvariant())] : [];
    }

    /// <summary>Offers the values when a shell completes a command.</summary>
    public static void OfferInLowerCase(Command command)
    {
        foreach (Option option in command.Options)
        {
            if (Of(option) is not { Length: > 0 } names)
                continue;

            option.CompletionSources.Clear();
            option.CompletionSources.Add(names);
        }

        foreach (Command subcommand in command.Subcommands)
            OfferInLowerCase(subcommand);
    }
}
