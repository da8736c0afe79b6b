namespace Nightjar.Host.Processes;

/// <summary>A user of the operating system.</summary>
/// <param name="Name">Name in the user database.</param>
/// <param name="UserId">Its number.</param>
/// <param name="GroupId">Number of its first group.</param>
internal readonly record struct UserAccount(string Name, uint UserId, uint GroupId);
