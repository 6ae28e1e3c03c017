using System.CommandLine;

namespace Afterimage.Cli.Completion;

/// <summary>Offers the values of options that are one of several names as the help writes them: in lower case.</summary>
internal static class EnumValues
{
    public static void OfferInLowerCase(Command command)
    {
        foreach (Option option in command.Options)
        {
            Type type = Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType;
            if (!type.IsEnum)
                continue;

            option.CompletionSources.Clear();
            option.CompletionSources.Add([.. Enum.GetNames(type).Select(name => name.ToLowerInvariant())]);
        }

        foreach (Command subcommand in command.Subcommands)
            OfferInLowerCase(subcommand);
    }
}
