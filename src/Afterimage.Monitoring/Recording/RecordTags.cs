namespace Afterimage.Monitoring.Recording;

/// <summary>Looks tags up.</summary>
internal static class RecordTags
{
    /// <summary>Returns whether there is a tag with the given key and the given value as text.</summary>
    public static bool Has(IReadOnlyList<KeyValuePair<string, object?>>? tags, KeyValuePair<string, string> wanted)
    {
        // If a key is given twice, the last value counts.
        for (int i = (tags?.Count ?? 0) - 1; i >= 0; i--)
        {
            if (tags![i].Key == wanted.Key)
                return Scalar.Text(Scalar.Of(tags[i].Value)) == wanted.Value;
        }

        return false;
    }
}
