using Nightjar.EndToEnd.Tests.Tools;

namespace Nightjar.EndToEnd.Tests.Walkthroughs;

/// <summary>An authority made by <c>nightjar cert</c>, with a server's certificate that the broker can read.</summary>
internal sealed class Authority : IDisposable
{
    private readonly string _folder;

    private Authority(string folder) => _folder = folder;

    /// <summary>Its certificate.</summary>
    public string File => Path.Combine(_folder, "ca.crt");

    /// <summary>Its revocation list.</summary>
    public string RevocationList => Path.Combine(_folder, "ca.crl");

    /// <summary>The broker's certificate.</summary>
    public string ServerCertificate => Path.Combine(_folder, "broker.crt");

    /// <summary>Its key.</summary>
    public string ServerKey => Path.Combine(_folder, "broker.key");

    /// <summary>Makes one in a folder <c>certs</c>, and the certificate <c>broker</c>.</summary>
    public static async Task<Authority> CreateAsync(PublicFolder parent, string name = "certs")
    {
        var authority = new Authority(parent[name]);
        await CertAsync("ca", "-d", authority._folder);
        await CertAsync("server", "-d", authority._folder, "broker");
        return authority;
    }

    /// <summary>Issues a client's certificate.</summary>
    public Task IssueClientAsync(string name) => CertAsync("client", "-d", _folder, name);

    /// <summary>Revokes what was issued for a name.</summary>
    public Task RevokeAsync(string name) => CertAsync("revoke", "-d", _folder, name);

    /// <summary>Arguments of the tools that show a client's certificate.</summary>
    public string[] Client(string name) => ["--cert", Path.Combine(_folder, $"{name}.crt"), "--key", Path.Combine(_folder, $"{name}.key")];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task CertAsync(params string[] arguments) => (await BrokerProcess.RunAsync(["cert", .. arguments])).AssertExitCode();
}
