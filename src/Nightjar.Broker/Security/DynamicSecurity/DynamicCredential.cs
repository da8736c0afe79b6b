using Nightjar.Broker.Security.Passwords;

namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>What let a client in by dynamic security: the password it has shown to know.</summary>
/// <param name="Password">The hash that the password matched.</param>
internal sealed record DynamicCredential(PasswordHash Password);
