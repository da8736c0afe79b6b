using System.Text;

namespace Nightjar.Host.Configuration.Parsing;

/// <summary>Replaces <c>${NAME}</c> in values by the environment variable of that name; <c>$${</c> stands for <c>${</c> itself.</summary>
/// <remarks>Only the form with braces around a name of letters, digits and _ is meant: $NAME, $SYS and ${1} stay as they are.</remarks>
internal static class EnvironmentText
{
    /// <summary>Expands a value. What a variable holds is not expanded again.</summary>
    /// <param name="value">As written; the result afterwards.</param>
    /// <param name="variable">Value of a variable, or null when it is not set.</param>
    /// <returns>Name of a variable that is not set, or null when all is well.</returns>
    internal static string? Expand(ref string value, Func<string, string?> variable)
    {
        if (!value.Contains("${", StringComparison.Ordinal)) return null;
        var text = new StringBuilder();
        for (var i = 0; i < value.Length; i++)
        {
            var rest = value.AsSpan(i);
            if (rest.StartsWith("$${", StringComparison.Ordinal))
            {
                text.Append("${");
                i += 2;
            }
            else if (rest.StartsWith("${", StringComparison.Ordinal) && TryName(rest[2..], out var name))
            {
                if (variable(name) is not { } found) return name;
                text.Append(found);
                i += name.Length + 2;
            }
            else
            {
                text.Append(value[i]);
            }
        }

        value = text.ToString();
        return null;
    }

    private static bool TryName(ReadOnlySpan<char> text, out string name)
    {
        var close = text.IndexOf('}');
        name = close < 0 ? "" : text[..close].ToString();
        return name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
    }
}
