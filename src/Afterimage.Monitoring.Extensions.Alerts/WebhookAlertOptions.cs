namespace Afterimage.Monitoring;

/// <summary>Settings for posting alerts as JSON to a URL, signed if there is a secret (docs/alerts.md, "Webhook").</summary>
public sealed class WebhookAlertOptions : HttpAlertOptions
{
    /// <summary>
    /// The key for the signature in the header <c>Afterimage-Signature</c>, which tells the receiver who sent the alert, and when. Default:
    /// <see langword="null"/>, no signature. Must be at least 16 characters.
    /// </summary>
    public string? Secret { get; set; }

    internal override void Validate()
    {
        base.Validate();
        Require(Secret is null or { Length: >= 16 }, nameof(Secret), "must have at least 16 characters.");
    }
}
