namespace Afterimage.Monitoring;

/// <summary>How alerts are posted to a web address: as JSON, signed where there is a secret (docs/alerts.md, "Webhook").</summary>
public sealed class WebhookAlertOptions : HttpAlertOptions
{
    /// <summary>
    /// The key of the signature in the header <c>Afterimage-Signature</c>, by which the receiver knows who sent the alert, and when.
    /// Default: <see langword="null"/>, no signature. At least 16 characters.
    /// </summary>
    public string? Secret { get; set; }

    internal override void Validate()
    {
        base.Validate();
        Require(Secret is null or { Length: >= 16 }, nameof(Secret), "has at least 16 characters.");
    }
}
