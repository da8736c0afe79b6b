namespace Nightjar.Host.Verbs.Passwords;

/// <summary>A file of secrets cannot be read or written; the message is for the user.</summary>
internal sealed class SecretFileException(string message) : Exception(message);
