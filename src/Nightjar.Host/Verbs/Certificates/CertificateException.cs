namespace Nightjar.Host.Verbs.Certificates;

/// <summary>What was asked of the authority cannot be done; the message says why and what would help.</summary>
internal sealed class CertificateException(string message) : Exception(message);
