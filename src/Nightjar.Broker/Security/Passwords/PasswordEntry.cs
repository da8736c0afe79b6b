namespace Nightjar.Broker.Security.Passwords;

/// <summary>One user of a password file. Kept with the connections it let in: at a reload they are compared with the new file.</summary>
/// <param name="UserName">The user name.</param>
/// <param name="Hash">The hashed password.</param>
internal sealed record PasswordEntry(string UserName, PasswordHash Hash);
