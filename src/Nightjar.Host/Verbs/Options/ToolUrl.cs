namespace Nightjar.Host.Verbs.Options;

/// <summary>The URL of -L: mqtt(s)://[username[:password]@]host[:port]/topic.</summary>
internal static class ToolUrl
{
    internal static void Apply(ToolOptions options, string url)
    {
        string rest;
        if (url.StartsWith("mqtt://", StringComparison.OrdinalIgnoreCase))
        {
            rest = url[7..];
            options.Port = 1883;
        }
        else if (url.StartsWith("mqtts://", StringComparison.OrdinalIgnoreCase))
        {
            rest = url[8..];
            options.Port = 8883;
            options.Tls.IsInUrl = true;
        }
        else if (url.StartsWith("ws://", StringComparison.OrdinalIgnoreCase) || url.StartsWith("wss://", StringComparison.OrdinalIgnoreCase))
        {
            rest = url[(url.IndexOf(':', StringComparison.Ordinal) + 3)..];
            options.UnavailableOption ??= url[..url.IndexOf("//", StringComparison.Ordinal)] + "//";
        }
        else
        {
            throw new UsageException("Error: unsupported URL scheme.\n\n");
        }

        options.HasServer = true;
        int slash = rest.IndexOf('/', StringComparison.Ordinal);
        // ctrl has topics of its own.
        if (options.Kind == ToolKind.Ctrl)
        {
            ApplyAuthority(options, slash < 0 ? rest : rest[..slash]);
            return;
        }

        if (slash < 0) throw new UsageException("Error: Invalid URL for -L argument specified - topic missing.\n");
        ToolText.AddTopic(options, rest[(slash + 1)..]);
        ApplyAuthority(options, rest[..slash]);
    }

    private static void ApplyAuthority(ToolOptions options, string authority)
    {
        int at = authority.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0)
        {
            string[] credentials = authority[..at].Split(':', 2);
            options.UserName = Uri.UnescapeDataString(credentials[0]);
            if (credentials.Length == 2) options.Password = Uri.UnescapeDataString(credentials[1]);
            authority = authority[(at + 1)..];
        }

        int colon = authority.StartsWith('[') ? authority.IndexOf("]:", StringComparison.Ordinal) + 1 : authority.IndexOf(':', StringComparison.Ordinal);
        if (colon > 0)
        {
            options.Port = ToolOptionParser.Port(authority[(colon + 1)..]);
            authority = authority[..colon];
        }

        options.Host = authority.Trim('[', ']');
    }
}
