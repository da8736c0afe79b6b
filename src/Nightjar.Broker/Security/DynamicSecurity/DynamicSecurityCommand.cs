namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>One command.</summary>
/// <param name="Name">Its name as it stands in answers.</param>
/// <param name="Run">Does it: changes the context's state or writes <c>data</c>. Returns what is wrong, and has done neither then; or null.</param>
/// <param name="IsQuestion">Whether it changes nothing.</param>
internal sealed record DynamicSecurityCommand(string Name, Func<CommandContext, string?> Run, bool IsQuestion = false);
