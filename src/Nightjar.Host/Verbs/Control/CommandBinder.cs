using System.Globalization;
using System.Text.Json.Nodes;

namespace Nightjar.Host.Verbs.Control;

/// <summary>Makes the request of a command out of what the user typed.</summary>
internal sealed class CommandBinder
{
    private readonly ControlCommand _command;
    private readonly JsonObject _fields = [];
    private string _property = "";
    private bool _refusesPassword;

    private CommandBinder(ControlCommand command) => _command = command;

    /// <summary>Binds the arguments.</summary>
    /// <param name="command">The command.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="inShell">In the order of the shell.</param>
    /// <param name="askPassword">Asks for the new password of a user; null when there is none. Asked last, when all else is well.</param>
    /// <param name="problem">What is wrong, for the user.</param>
    /// <returns>The request; null when something is wrong.</returns>
    internal static JsonObject? Bind(
        ControlCommand command, IReadOnlyList<string> arguments, bool inShell, Func<string, NewPassword> askPassword, out string problem)
    {
        var binder = new CommandBinder(command);
        problem = binder.Assign(arguments, inShell) ?? "";
        if (problem.Length > 0) return null;
        if (binder.Wants("password") && !binder._refusesPassword && !binder._fields.ContainsKey("password"))
        {
            NewPassword answer = askPassword(binder._fields["username"]!.GetValue<string>());
            if (answer.Problem is not null)
            {
                problem = answer.Problem;
                return null;
            }

            if (answer.Text is not null) binder._fields["password"] = answer.Text;
        }

        return binder.ToRequest();
    }

    private JsonObject ToRequest()
    {
        var request = new JsonObject { ["command"] = _command.Name };
        if (_command.Array is { } array)
        {
            request[array] = new JsonArray(_fields);
            return request;
        }

        foreach ((string name, JsonNode? value) in _fields.ToArray())
        {
            _fields.Remove(name);
            request[name] = value;
        }

        return request;
    }

    private bool Wants(string field) =>
        _command.Flags.Values.Contains(field) || _command.Parameters.Any(parameter => parameter.Field == field);

    // Null when all is well; otherwise a line for the user.
    private string? Assign(IReadOnlyList<string> arguments, bool inShell)
    {
        CommandParameter[] parameters = inShell ? _command.ShellParameters : _command.Parameters;
        var positional = new List<string>();
        var flagged = new List<(string Field, string Text)>();
        for (int i = 0; i < arguments.Count; i++)
        {
            if (!_command.Flags.TryGetValue(arguments[i], out string? field) || positional.Count == 0)
            {
                positional.Add(arguments[i]);
                continue;
            }

            if (field is null) _refusesPassword = true;
            else if (++i == arguments.Count) return $"Error: {arguments[i - 1]} argument given, but no {field} provided.";
            else flagged.Add((field, arguments[i]));
        }

        if (_refusesPassword && flagged.Exists(flag => flag.Field == "password")) return "Error: -p and --no-password are mutually exclusive.";
        if (inShell) parameters = Arrange(parameters, positional);
        if (positional.Count > parameters.Length || positional.Count < parameters.Count(parameter => !parameter.IsOptional)) return WrongArguments(inShell);
        for (int i = 0; i < positional.Count; i++)
            if (Set(parameters[i], positional[i]) is { } problem) return problem;
        foreach ((string field, string text) in flagged) _fields[field] = text;
        return null;
    }

    // What is optional and not last is there when there are enough arguments. Who types an ACL in the order of the command line is understood too.
    private CommandParameter[] Arrange(CommandParameter[] parameters, List<string> arguments)
    {
        if (!ReferenceEquals(_command.Parameters, parameters) && arguments.Count >= 4 && IsAccess(arguments[3]) && !IsAccess(arguments[2])) return _command.Parameters;
        int last = parameters.Length - 1;
        bool isInMiddle = last > 0 && parameters[last - 1].IsOptional && !parameters[last].IsOptional;
        return isInMiddle && arguments.Count < parameters.Length ? [.. parameters[..(last - 1)], parameters[last]] : parameters;
    }

    private string WrongArguments(bool inShell) => $"Usage: {_command.Usage(inShell)}";

    // Null when all is well; otherwise a line for the user.
    private string? Set(CommandParameter parameter, string text)
    {
        switch (parameter.Kind)
        {
            case ParameterKind.Number:
                if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)) return $"Error: {parameter.Field} must be a number.";
                // A page without size or start is everything from the first on; priority -1 is what no priority means.
                bool isDefault = parameter.Field == "priority" ? number == -1 : number <= 0;
                if (!isDefault) _fields[parameter.Field] = number;
                return null;
            case ParameterKind.Access:
                if (!IsAccess(text)) return "Error: access must be \"allow\" or \"deny\".";
                _fields[parameter.Field] = text.Equals("allow", StringComparison.OrdinalIgnoreCase);
                return null;
            case ParameterKind.AclType or ParameterKind.DefaultAclType:
                if (AclTypes.Find(text, parameter.Kind) is not { } type) return $"Error: acltype must be one of {string.Join(", ", AclTypes.Of(parameter.Kind))}.";
                _fields[parameter.Field] = type;
                return null;
            case ParameterKind.TextProperty or ParameterKind.RoleProperty:
                string[] properties = PropertiesOf(parameter.Kind);
                _property = System.Array.Find(properties, name => name.Equals(text, StringComparison.OrdinalIgnoreCase)) ?? "";
                return _property.Length == 0 ? $"Error: property must be one of {string.Join(", ", properties)}." : null;
            case ParameterKind.PropertyValue:
                return SetProperty(text);
            default:
                _fields[parameter.Field] = text;
                return null;
        }
    }

    private string? SetProperty(string text)
    {
        if (_property != "allowWildcardSubs")
        {
            _fields[_property.ToLowerInvariant()] = text;
            return null;
        }

        if (!bool.TryParse(text, out bool value)) return "Error: allowWildcardSubs must be \"true\" or \"false\".";
        _fields["allowwildcardsubs"] = value;
        return null;
    }

    /// <summary>What can be changed by a modify command.</summary>
    internal static string[] PropertiesOf(ParameterKind kind) =>
        kind == ParameterKind.RoleProperty ? ["textName", "textDescription", "allowWildcardSubs"] : ["textName", "textDescription"];

    private static bool IsAccess(string text) =>
        text.Equals("allow", StringComparison.OrdinalIgnoreCase) || text.Equals("deny", StringComparison.OrdinalIgnoreCase);
}
