namespace Nightjar.Broker.Tests.Security.DynamicSecurity;

/// <summary>What real Mosquittos wrote and answered.</summary>
internal static class DynamicSecuritySamples
{
    /// <summary>A file of 2.1.2 after many commands.</summary>
    public const string File21 = "dynamic-security-2.1.json";

    /// <summary>A file of 2.0.11 after the commands of the transcript.</summary>
    public const string File20 = "dynamic-security-2.0.json";

    /// <summary><c>dynsec init</c> of 2.1.2.</summary>
    public const string Init21 = "dynamic-security-init-2.1.json";

    /// <summary><c>dynsec init</c> of 2.0.11.</summary>
    public const string Init20 = "dynamic-security-init-2.0.json";

    /// <summary>Requests and answers of 2.0.11, beginning with its init file: lines of <c>&gt; request</c>, <c>&lt; answer</c>, and <c>= file</c> where <see cref="File20"/> was written.</summary>
    public const string Transcript = "mosquitto-2.0.11.transcript";

    public static byte[] Bytes(string name)
    {
        using var stream = typeof(DynamicSecuritySamples).Assembly.GetManifestResourceStream(name)!;
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }

    public static string Text(string name) => System.Text.Encoding.UTF8.GetString(Bytes(name));
}
