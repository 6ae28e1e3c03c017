namespace Afterimage.Monitoring;

/// <summary>How the connection to a mail server is secured.</summary>
public enum MailSecurity
{
    /// <summary>By the command STARTTLS, without which nothing is sent; usual on port 587.</summary>
    StartTls,

    /// <summary>By TLS from the first byte on; usual on port 465.</summary>
    Tls,

    /// <summary>Not at all: for a server on the same machine or in a trusted network. Not allowed with a password.</summary>
    None,
}
