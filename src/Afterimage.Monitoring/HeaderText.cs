namespace Afterimage.Monitoring;

/// <summary>Texts that are sent as the value of an HTTP header.</summary>
internal static class HeaderText
{
    /// <summary>Whether every character of a text is printable ASCII; no header can carry another. A text that is null or empty has
    /// none.</summary>
    public static bool IsPrintable(string? text) => !text.AsSpan().ContainsAnyExceptInRange(' ', '~');
}
