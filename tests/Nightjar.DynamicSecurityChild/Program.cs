using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Nightjar.Broker.Security.DynamicSecurity;
using Nightjar.Broker.Security.Passwords;

namespace Nightjar.DynamicSecurityChild;

/// <summary>
/// Changes a file of dynamic security without end, and is killed by the test that started it. Each answered change is a line on standard output: a number n means that the client <c>cN</c> was
/// made and that the role <c>counter</c> has been at n.
/// </summary>
public static class Program
{
    // Several at a time, so that changes share writes.
    private const int AtATime = 4;

    private static async Task Main(string[] args)
    {
        var disk = new DynamicSecurityDisk(args[0]);
        var hash = PasswordHash.Make("password"u8, PasswordHashForm.Pbkdf2, 1);
        await using var document = new DynamicSecurityDocument(disk.Read().State, disk, NoBroker.Instance, NullLogger.Instance, _ => hash);
        await using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        Queue<Task<byte[]>> answers = new();
        for (var issued = 0; ; issued++)
        {
            answers.Enqueue(document.ExecuteAsync(Request(issued), null));
            if (answers.Count < AtATime) continue;
            var answer = Encoding.UTF8.GetString(await answers.Dequeue().ConfigureAwait(false));
            await output.WriteLineAsync(answer.Contains("error", StringComparison.Ordinal) ? answer : (issued - AtATime + 1).ToString(CultureInfo.InvariantCulture)).ConfigureAwait(false);
        }
    }

    private static byte[] Request(int number) => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"commands":[{"command":"createClient","username":"c{{number}}","password":"p","groups":[{"groupname":"g"}]},{"command":"modifyRole","rolename":"counter","textname":"{{number}}"}]}"""));
}
