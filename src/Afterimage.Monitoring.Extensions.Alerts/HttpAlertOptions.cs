using System.Diagnostics.CodeAnalysis;

namespace Afterimage.Monitoring;

/// <summary>Settings that all deliveries over HTTP have in common.</summary>
public abstract class HttpAlertOptions : AlertDeliveryOptions
{
    private protected HttpAlertOptions()
    {
    }

    /// <summary>The URL to send alerts to. Required. Must be <c>http</c> or <c>https</c>, without user name and password, which belong in
    /// <see cref="Headers"/>. It is treated as a secret: logs and exceptions only show its host.</summary>
    [DisallowNull]
    public Uri? Url { get; set; }

    /// <summary>Headers of each request, such as <c>Authorization</c>. Their values are treated as secrets. Default: none.</summary>
    public IDictionary<string, string> Headers { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    internal override void Validate()
    {
        base.Validate();
        Require(Url is not null, nameof(Url), "is required.");
        Require(Url!.IsAbsoluteUri && Url.Scheme is "http" or "https", nameof(Url), "must be an absolute http or https URL.");
        Require(Url!.UserInfo.Length == 0, nameof(Url), "must not contain a user name or password; use a header.");
        using var probe = new HttpRequestMessage();
        foreach ((string name, string value) in Headers)
        {
            bool isHeader =
                value is not null
                && HeaderText.IsPrintable(value)
                && IsToken(name)
                && probe.Headers.TryAddWithoutValidation(name, value);
            Require(isHeader, nameof(Headers), $"must have valid names and values of printable ASCII, unlike '{name}'.");
        }
    }

    private static bool IsToken(string name) =>
        name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal));
}
