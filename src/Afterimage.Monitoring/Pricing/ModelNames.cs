namespace Afterimage.Monitoring.Pricing;

/// <summary>Parses the names of models, which may have a provider as prefix and a date as suffix.</summary>
internal static class ModelNames
{
    /// <summary>Returns the name without its first prefix; null if it has none.</summary>
    public static string? WithoutProvider(string name)
    {
        int slash = name.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 || slash == name.Length - 1 ? null : name[(slash + 1)..];
    }

    /// <summary>Returns the length of the date at the end, including the character before it; 0: there is none.</summary>
    public static int DateLength(ReadOnlySpan<char> name)
    {
        foreach (string format in (ReadOnlySpan<string>)["yyyy-MM-dd", "yyyyMMdd"])
        {
            int length = format.Length + 1;
            if (name.Length > length && name[^length] is '-' or '@' && DateOnly.TryParseExact(name[^format.Length..], format, out _))
                return length;
        }

        return 0;
    }

    /// <summary>Returns whether a call for one name may be answered under the other: they only differ by a date or a provider that one of
    /// them lacks.</summary>
    public static bool MayBeOne(string a, string b)
    {
        int ofA = a.LastIndexOf('/');
        int ofB = b.LastIndexOf('/');
        if (ofA >= 0 && ofB >= 0 && !a.AsSpan(0, ofA).SequenceEqual(b.AsSpan(0, ofB)))
            return false;

        ReadOnlySpan<char> nameA = a.AsSpan(ofA + 1);
        ReadOnlySpan<char> nameB = b.AsSpan(ofB + 1);
        return nameA.SequenceEqual(nameB)
            || nameA[..^DateLength(nameA)].SequenceEqual(nameB)
            || nameB[..^DateLength(nameB)].SequenceEqual(nameA);
    }
}
