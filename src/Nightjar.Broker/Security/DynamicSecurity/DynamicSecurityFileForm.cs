namespace Nightjar.Broker.Security.DynamicSecurity;

/// <summary>Whose form a file of dynamic security has. A file keeps the form it was read in, so that the version of Mosquitto that wrote it can read it back.</summary>
internal enum DynamicSecurityFileForm : byte
{
    /// <summary>Mosquitto 2.1: <c>changeIndex</c>, <c>allowwildcardsubs</c>, <c>encoded_password</c>. 2.0 finds no passwords in it.</summary>
    Version21,

    /// <summary>Mosquitto 2.0: <c>password</c>, <c>salt</c>, <c>iterations</c>. 2.1 reads it too.</summary>
    Version20,
}
