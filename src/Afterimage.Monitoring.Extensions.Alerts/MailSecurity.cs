namespace Afterimage.Monitoring;

/// <summary>How the connection to a mail server is secured.</summary>
public enum MailSecurity
{
    /// <summary>The STARTTLS command is used. If the server does not support it, nothing is sent. Usual on port 587.</summary>
    StartTls,

    /// <summary>TLS is used from the first byte on. Usual on port 465.</summary>
    Tls,

    /// <summary>The connection is not secured. For a server on the same machine or in a trusted network. Must not be used with a
    /// password.</summary>
    None,
}
