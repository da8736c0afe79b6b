namespace Nightjar.Host.Verbs.Control.Shell;

/// <summary>Completes commands, and their arguments where the shell knows what they can be.</summary>
/// <param name="commands">The shell's own commands of its state.</param>
/// <param name="module">The module it is in; null outside of modules.</param>
/// <param name="names">The clients, groups and roles.</param>
internal sealed class ShellCompleter(IReadOnlyList<string> commands, ControlModule? module, KnownNames names) : ICompleter
{
    public IReadOnlyList<string> Complete(string text, out int start)
    {
        List<ShellWord> words = ShellWord.Split(text);
        bool isNewWord = words.Count == 0 || text[^1] is ' ' or '\t';
        start = isNewWord ? text.Length : words[^1].Start;
        string begun = isNewWord ? "" : words[^1].Text;
        int index = isNewWord ? words.Count : words.Count - 1;
        IEnumerable<string> candidates = index == 0 ? Commands() : Arguments(words, index - 1);
        return
        [
            .. candidates.Where(candidate => candidate.StartsWith(begun, StringComparison.OrdinalIgnoreCase)).Select(ShellWord.Quote),
        ];
    }

    private IEnumerable<string> Commands() =>
        (module?.Commands.Select(command => command.Name) ?? []).Concat(commands).Order(StringComparer.OrdinalIgnoreCase);

    private IEnumerable<string> Arguments(List<ShellWord> words, int index)
    {
        if (words[0].Text.Equals("help", StringComparison.OrdinalIgnoreCase)) return index == 0 ? Commands() : [];
        if (module is null || !module.TryFindCommand(words[0].Text, out ControlCommand? command) || index >= command.ShellParameters.Length) return [];
        ParameterKind kind = command.ShellParameters[index].Kind;
        return kind switch
        {
            ParameterKind.AclType or ParameterKind.DefaultAclType => AclTypes.Of(kind),
            ParameterKind.Access => ["allow", "deny"],
            ParameterKind.TextProperty or ParameterKind.RoleProperty => CommandBinder.PropertiesOf(kind),
            ParameterKind.PropertyValue when words[index].Text.Equals("allowWildcardSubs", StringComparison.OrdinalIgnoreCase) => ["false", "true"],
            _ => names.Of(kind),
        };
    }
}
