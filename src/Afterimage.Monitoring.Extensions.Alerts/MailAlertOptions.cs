using MimeKit;

namespace Afterimage.Monitoring;

/// <summary>Settings for sending alerts by e-mail. The alerts from one evaluation of the rules are sent in one mail.</summary>
public sealed class MailAlertOptions : AlertDeliveryOptions
{
    /// <summary>The name or address of the mail server. Required.</summary>
    public string Host { get; set; } = "";

    /// <summary>The port of the mail server. Default: 587. Must be from 1 to 65535.</summary>
    public int Port { get; set; } = 587;

    /// <summary>How the connection is secured. Default: <see cref="MailSecurity.StartTls"/>.</summary>
    public MailSecurity Security { get; set; } = MailSecurity.StartTls;

    /// <summary>The user name to log in with. Default: <see langword="null"/>, no login.</summary>
    public string? UserName { get; set; }

    /// <summary>The password to log in with. Must be set if <see cref="UserName"/> is set, and only then.</summary>
    public string? Password { get; set; }

    /// <summary>The sender, such as <c>alerts@example.com</c> or <c>Alerts &lt;alerts@example.com&gt;</c>. Required.</summary>
    public string From { get; set; } = "";

    /// <summary>The recipients. There must be at least one.</summary>
    public IList<string> To { get; } = [];

    /// <summary>The prefix of all subjects. Default: <c>[afterimage]</c>.</summary>
    public string SubjectPrefix { get; set; } = "[afterimage]";

    internal override void Validate()
    {
        base.Validate();
        Require(!string.IsNullOrWhiteSpace(Host), nameof(Host), "is required.");
        Require(Port is >= 1 and <= 65535, nameof(Port), "must be from 1 to 65535.");
        Require(Enum.IsDefined(Security), nameof(Security), "must be StartTls, Tls or None.");
        Require(
            string.IsNullOrEmpty(UserName) == string.IsNullOrEmpty(Password),
            nameof(Password),
            "must be set if, and only if, the user name is set.");
        Require(
            Security != MailSecurity.None || string.IsNullOrEmpty(Password),
            nameof(Security),
            "must be StartTls or Tls if there is a password.");
        Require(IsAddress(From), nameof(From), "must be a mail address.");
        Require(To.Count > 0 && To.All(IsAddress), nameof(To), "must contain at least one mail address, and nothing else.");
        Require(SubjectPrefix is not null, nameof(SubjectPrefix), "must not be null.");
    }

    private static bool IsAddress(string? text) =>
        text is not null
        && !text.Any(char.IsControl)
        && MailboxAddress.TryParse(text, out MailboxAddress? address)
        && address.Address.Contains('@', StringComparison.Ordinal);
}
