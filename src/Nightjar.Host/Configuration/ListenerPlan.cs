using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Nightjar.Broker.Configuration;
using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Configuration;

/// <summary>One socket to listen on, and the section it comes from.</summary>
/// <param name="Section">As written; null: local only, without any listener option.</param>
/// <param name="Security">Rules of its clients.</param>
/// <param name="Options">What the engine is given. TLS is empty; whoever reads certificates and keys adds it.</param>
internal sealed record ListenerPlan(ListenerSection? Section, SecuritySection Security, ListenerOptions Options)
{
    /// <summary>Makes the sockets of a configuration. Names are resolved, which may take as long as the resolver does.</summary>
    /// <param name="configuration">A configuration without errors.</param>
    /// <param name="localPorts">Ports for local only mode; empty: 1883.</param>
    /// <param name="errors">Takes names that cannot be resolved, with their line.</param>
    internal static IReadOnlyList<ListenerPlan> Make(HostConfiguration configuration, IReadOnlyList<int> localPorts, List<string> errors)
    {
        var plans = new List<ListenerPlan>();
        if (configuration.IsLocalOnly)
        {
            var section = configuration.Listeners.FirstOrDefault();
            foreach (var port in localPorts.Count > 0 ? localPorts : [1883])
            {
                foreach (var address in LocalAddresses(section?.SocketDomain)) plans.Add(Plan(configuration, section, new IPEndPoint(address, port)));
            }

            return plans;
        }

        foreach (var section in configuration.Listeners.Where(section => !section.IsHttpApi))
        {
            if (section.UnixPath is not null) plans.Add(Plan(configuration, section, new UnixDomainSocketEndPoint(section.UnixPath)));
            else plans.AddRange(Addresses(section, errors).Select(address => Plan(configuration, section, new IPEndPoint(address, section.Port))));
        }

        if (plans.Count == 0 && errors.Count == 0) errors.Add("Error: Unable to start any listening sockets, exiting.");
        return plans;
    }

    /// <summary>The rules of one listener: its own with per_listener_settings; else the common ones, with what plugin_use adds for it.</summary>
    internal static SecuritySection SecurityOf(HostConfiguration configuration, ListenerSection? section)
    {
        var common = configuration.Security;
        if (section is null) return common;
        var own = section.Security;
        var dynamic = own.DynamicSecurity ?? common.DynamicSecurity;
        if (configuration.PerListenerSettings)
        {
            // A global plugin holds for every listener.
            return own with { PasswordFile = own.PasswordFile ?? common.PasswordFile, AclFile = own.AclFile ?? common.AclFile, DynamicSecurity = dynamic };
        }

        return common with
        {
            AllowAnonymous = own.AllowAnonymous ?? common.AllowAnonymous,
            AutoIdPrefix = own.AutoIdPrefix ?? common.AutoIdPrefix,
            PasswordFile = own.PasswordFile ?? common.PasswordFile,
            AclFile = own.AclFile ?? common.AclFile,
            DynamicSecurity = dynamic,
        };
    }

    private static ListenerPlan Plan(HostConfiguration configuration, ListenerSection? section, EndPoint endPoint)
    {
        var security = SecurityOf(configuration, section);
        var source = section is null ? UserNameSource.Connect
            : section.UseIdentityAsUserName && section.Tls.IsOn ? UserNameSource.Identity
            : section.UseSubjectAsUserName && section.Tls.HasCertificate ? UserNameSource.Subject
            : UserNameSource.Connect;
        var ownRules = section is not null && (configuration.PerListenerSettings || !section.Security.Plugins.IsEmpty);
        var options = (section?.Options ?? new ListenerOptions { EndPoint = endPoint }) with
        {
            EndPoint = endPoint,
            NoDelay = configuration.NoDelay,
            EventLoops = configuration.EventLoops,
            UserNameSource = source,
            SecurityDomain = ownRules ? section!.Key : "",
            AllowAnonymous = security.AllowAnonymous ?? configuration.IsLocalOnly,
            AllowZeroLengthClientId = security.AllowZeroLengthClientId ?? true,
            AutoIdPrefix = security.AutoIdPrefix ?? "auto-",
        };
        return new ListenerPlan(section, security, options);
    }

    private static IEnumerable<IPAddress> LocalAddresses(AddressFamily? domain)
    {
        if (domain is not AddressFamily.InterNetworkV6) yield return IPAddress.Loopback;
        if (domain is not AddressFamily.InterNetwork && HasIPv6Loopback()) yield return IPAddress.IPv6Loopback;
    }

    private static IPAddress[] Addresses(ListenerSection section, List<string> errors)
    {
        IPAddress[] found;
        if (section.Host is null) found = Socket.OSSupportsIPv6 ? [IPAddress.Any, IPAddress.IPv6Any] : [IPAddress.Any];
        else if (!TryResolve(section.Host, out found)) found = [];
        var wanted = found.Where(address => section.SocketDomain is null || address.AddressFamily == section.SocketDomain).Distinct().ToArray();
        if (wanted.Length > 0) return wanted;
        errors.Add(string.Create(CultureInfo.InvariantCulture, $"Error: Unable to resolve the address '{section.Host}' of the listener on port {section.Port}."));
        errors.Add($"Error found at {section.Place}.");
        return [];
    }

    private static bool TryResolve(string host, out IPAddress[] addresses)
    {
        addresses = [];
        if (IPAddress.TryParse(host, out var address))
        {
            addresses = [address];
            return true;
        }

        try
        {
            addresses = Dns.GetHostAddresses(host);
            return addresses.Length > 0;
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            return false;
        }
    }

    private static bool HasIPv6Loopback()
    {
        if (!Socket.OSSupportsIPv6) return false;
        try
        {
            using var probe = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
