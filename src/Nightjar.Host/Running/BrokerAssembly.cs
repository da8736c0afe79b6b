using Microsoft.Extensions.Logging;
using Nightjar.Broker.Configuration;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.AccessLists;
using Nightjar.Broker.Security.DynamicSecurity;
using Nightjar.Broker.Security.Passwords;
using Nightjar.Host.Configuration;
using Nightjar.Host.Configuration.Sections;
using Nightjar.Transport.Tls;

namespace Nightjar.Host.Running;

/// <summary>
/// Everything a broker is started or reloaded with: the options, and the files that a configuration names, read and compiled. All or nothing:
/// one with errors is not used.
/// </summary>
internal sealed class BrokerAssembly : IDisposable
{
    private readonly HostConfiguration _configuration;
    private readonly ILogger _log;
    private readonly DynamicSecurityFiles? _dynamic;
    private readonly List<string> _errors = [];
    private readonly List<string> _warnings = [];
    private readonly Dictionary<string, PasswordFile?> _passwordFiles = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AccessList?> _accessLists = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DynamicSecurityService?> _dynamicFiles = new(StringComparer.Ordinal);
    private readonly Dictionary<ListenerSection, TlsServerContext?> _contexts = [];

    private BrokerAssembly(HostConfiguration configuration, ILogger log, DynamicSecurityFiles? dynamic)
    {
        _configuration = configuration;
        _log = log;
        _dynamic = dynamic;
        Options = configuration.Options;
    }

    /// <summary>Options with listeners, TLS included.</summary>
    internal BrokerOptions Options { get; private set; }

    /// <summary>Who may connect; null: whom <c>allow_anonymous</c> lets in.</summary>
    internal IAuthenticator? Authenticator { get; private set; }

    /// <summary>Who may do what; null: everybody everything.</summary>
    internal IAuthorizer? Authorizer { get; private set; }

    /// <summary>Everything that is wrong, in Mosquitto's words where it has them; empty when it may be used.</summary>
    internal IReadOnlyList<string> Errors => _errors;

    /// <summary>Whether all that is wrong is certificates and keys: Mosquitto ends with 1 then, and with 3 for other files.</summary>
    internal bool IsOnlyTlsWrong { get; private set; }

    /// <summary>What the administrator should know, for the log.</summary>
    internal IReadOnlyList<string> Warnings => _warnings;

    /// <summary>Reads all files. Does not throw for what is wrong with them.</summary>
    /// <param name="configuration">One without errors.</param>
    /// <param name="localPorts">Ports of the command line, for local only mode.</param>
    /// <param name="log">Where the rules log what they deny.</param>
    /// <param name="dynamic">Where files of dynamic security are opened; null: they are looked at only, and the assembly is not for use.</param>
    internal static BrokerAssembly Load(HostConfiguration configuration, IReadOnlyList<int> localPorts, ILogger log, DynamicSecurityFiles? dynamic)
    {
        var assembly = new BrokerAssembly(configuration, log, dynamic);
        var plans = ListenerPlan.Make(configuration, localPorts, assembly._errors);
        assembly.ReadRules(plans);
        assembly.IsOnlyTlsWrong = assembly._errors.Count == 0;
        var listeners = plans.Select(plan => plan.Options with { Tls = assembly.ContextOf(plan) }).ToArray();
        assembly.Options = configuration.Options with { Listeners = listeners };
        assembly.WarnOfNobody(plans);
        return assembly;
    }

    /// <summary>Lets go of keys and certificates; connections that use them go on.</summary>
    public void Dispose()
    {
        foreach (var context in _contexts.Values) context?.Dispose();
    }

    private void ReadRules(IReadOnlyList<ListenerPlan> plans)
    {
        var authenticators = new Dictionary<string, IAuthenticator>(StringComparer.Ordinal);
        var authorizers = new Dictionary<string, IAuthorizer?>(StringComparer.Ordinal);
        foreach (var plan in plans)
        {
            var domain = plan.Options.SecurityDomain;
            if (authorizers.ContainsKey(domain)) continue;
            IAuthenticator? authenticator = PasswordsOf(plan.Security) is { } users ? new PasswordAuthenticator(users) : null;
            IAuthorizer? authorizer = AccessListOf(plan.Security)?.Compile(_log);
            // As in Mosquitto's chain plugins come before files.
            if (DynamicSecurityOf(plan.Security) is { } dynamic)
            {
                authenticator = dynamic.CreateAuthenticator(authenticator);
                authorizer = dynamic.CreateAuthorizer(authorizer);
            }

            if (authenticator is not null) authenticators.Add(domain, authenticator);
            authorizers.Add(domain, authorizer);
        }

        if (authenticators.Count > 0) Authenticator = new DomainAuthenticator(authenticators);
        // One set of rules for all is asked without looking for its domain; none at all leaves the gate open.
        if (authorizers.Values.All(authorizer => authorizer is null)) return;
        Authorizer = authorizers.Count == 1 && authorizers.TryGetValue("", out var common) ? common : new DomainAuthorizer(authorizers);
    }

    private PasswordFile? PasswordsOf(SecuritySection security) => Read(security.PasswordFile, _passwordFiles, path =>
    {
        var file = PasswordFile.Load(path);
        _warnings.AddRange(file.Warnings);
        return file;
    });

    private AccessList? AccessListOf(SecuritySection security) =>
        Read(security.AclFile, _accessLists, path =>
        {
            var list = AccessList.Load(path, _configuration.Options.StrictCompatibility);
            _warnings.AddRange(list.Warnings);
            return list;
        });

    private DynamicSecurityService? DynamicSecurityOf(SecuritySection security)
    {
        if (security.DynamicSecurity is not { } section) return null;
        return Read(section.ConfigFile, _dynamicFiles, _ =>
        {
            if (_dynamic is not null) return _dynamic.Take(section, _warnings);
            _warnings.AddRange(DynamicSecurityFiles.Check(section));
            return null;
        });
    }

    // Several listeners may name one file: it is read once, and its errors are told once.
    private T? Read<T>(string? path, Dictionary<string, T?> known, Func<string, T?> load)
        where T : class
    {
        if (path is null) return null;
        if (known.TryGetValue(path, out var file)) return file;
        try
        {
            file = load(path);
        }
        catch (SecurityFileException exception)
        {
            _errors.AddRange(exception.Errors);
        }

        known.Add(path, file);
        return file;
    }

    private TlsServerContext? ContextOf(ListenerPlan plan)
    {
        if (plan.Section is not { Tls.IsOn: true } section) return null;
        if (_contexts.TryGetValue(section, out var context)) return context;
        context = TlsContexts.Load(section, plan.Security, _errors, _warnings);
        _contexts.Add(section, context);
        return context;
    }

    private void WarnOfNobody(IReadOnlyList<ListenerPlan> plans)
    {
        foreach (var plan in plans.DistinctBy(plan => plan.Section))
        {
            if (plan.Options.AllowAnonymous == true || plan.Security.PasswordFile is not null || plan.Security.DynamicSecurity is not null || plan.Options.UserNameSource != UserNameSource.Connect) continue;
            _warnings.Add($"Warning: Nobody can connect to listener {plan.Section?.Key ?? plan.Options.EndPoint.ToString()}: allow_anonymous is false and there is no password_file.");
        }
    }
}
