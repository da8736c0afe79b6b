namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>The broker around the state: what commands tell besides it.</summary>
internal interface IRunningBroker : IUserConnections
{
    /// <summary>Whether clients with <c>+</c> or <c>#</c> in user name or client id may do nothing. mosquitto: auth_plugin_deny_special_chars.</summary>
    bool DeniesSpecialCharacters { get; }
}
