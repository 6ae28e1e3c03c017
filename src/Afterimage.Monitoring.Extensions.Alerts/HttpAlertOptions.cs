using System.Diagnostics.CodeAnalysis;

namespace Afterimage.Monitoring;

/// <summary>What every delivery over HTTP can be told.</summary>
public abstract class HttpAlertOptions : AlertDeliveryOptions
{
    private protected HttpAlertOptions()
    {
    }

    /// <summary>Where to, <c>http</c> or <c>https</c>, without user name and password: these go into <see cref="Headers"/>. Required. It is
    /// taken for a secret: logs and exceptions say its host only.</summary>
    [DisallowNull]
    public Uri? Url { get; set; }

    /// <summary>Headers of each request, such as <c>Authorization</c>. Their values are taken for secrets. Default: none.</summary>
    public IDictionary<string, string> Headers { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    internal override void Validate()
    {
        base.Validate();
        Require(Url is not null, nameof(Url), "is required.");
        Require(Url!.IsAbsoluteUri && Url.Scheme is "http" or "https", nameof(Url), "is an absolute URL of http or https.");
        Require(Url!.UserInfo.Length == 0, nameof(Url), "has no user name and password; they go into a header.");
        using var probe = new HttpRequestMessage();
        foreach ((string name, string value) in Headers)
        {
            bool isHeader =
                value is not null
                && !value.AsSpan().ContainsAnyExceptInRange(' ', '~')
                && IsToken(name)
                && probe.Headers.TryAddWithoutValidation(name, value);
            Require(isHeader, nameof(Headers), $"has '{name}', which is no header, or has a value that is not printable ASCII.");
        }
    }

    private static bool IsToken(string name) =>
        name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal));
}
