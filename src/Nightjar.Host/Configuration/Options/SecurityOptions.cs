using System.Text;
using Nightjar.Broker.Configuration;
using Nightjar.Host.Configuration.Sections;

namespace Nightjar.Host.Configuration.Options;

/// <summary>Who is let in and what they may do.</summary>
internal static class SecurityOptions
{
    /// <summary>Longest auto_id_prefix, in bytes.</summary>
    internal const int MaximumPrefix = 50;

    private static readonly Define<SecuritySection> Security =
        new(OptionArea.Security, OptionScope.PerListener, (draft, change) => draft.ChangeSecurity(change));

    internal static IEnumerable<ConfigurationOption> All() =>
    [
        Security.Boolean("allow_anonymous", false, "Whether clients without a user name are let in; true when no listener is defined.", (security, value) => security with { AllowAnonymous = value }),
        Security.Text("password_file", null, "File of user names and hashed passwords, made by nightjar passwd.", (security, value) => security with { PasswordFile = value }, OptionRepetition.Replaces),
        Security.Text("acl_file", null, "File of rights; once given, what it does not allow is denied.", (security, value) => security with { AclFile = value }, OptionRepetition.Replaces),
        Security.Text("psk_file", null, "File of identities and hexadecimal keys for TLS-PSK.", (security, value) => security with { PskFile = value }, OptionRepetition.Replaces),
        Security.Boolean("allow_zero_length_clientid", true, "Whether a zero-length client id gets one assigned.", (security, value) => security with { AllowZeroLengthClientId = value }),
        Security.Text("auto_id_prefix", "auto-", "What assigned client ids begin with; at most 50 bytes.", (security, value) => security with { AutoIdPrefix = value },
            check: value => Encoding.UTF8.GetByteCount(value) > MaximumPrefix ? "Error: auto_id_prefix length must be <= 50." : null)
            with { Deprecation = "Please use 'listener_auto_id_prefix' instead." },
        new Define<BrokerOptions>(OptionArea.Security, OptionScope.General, (draft, change) => draft.Options = change(draft.Options))
            .Text("clientid_prefixes", null, "Only client ids that begin with this are let in.", (options, value) => options with { ClientIdPrefix = value }, OptionRepetition.Replaces)
            with { Deprecation = "" },
    ];
}
