using System.Text;
using Nightjar.Broker.Security;
using Nightjar.Broker.Security.DynamicSecurity;
using Nightjar.Broker.Security.Passwords;
using Xunit;

namespace Nightjar.Broker.Tests.Security.DynamicSecurity;

/// <summary>Files of every version are read with every field, and written as that version writes them; what is wrong with a file is said with its line.</summary>
public sealed class DynamicSecurityFileTests
{
    [Theory]
    [InlineData(DynamicSecuritySamples.File21)]
    [InlineData(DynamicSecuritySamples.File20)]
    public void File_OfMosquitto_IsWrittenAsItWasRead(string name)
    {
        var bytes = DynamicSecuritySamples.Bytes(name);

        var file = DynamicSecurityFile.Parse(bytes, name);

        Assert.Empty(file.Warnings);
        StateRules.Check(file.State);
        Assert.Equal(Encoding.UTF8.GetString(bytes), Encoding.UTF8.GetString(DynamicSecurityFileWriter.ToBytes(file.State)));
    }

    [Fact]
    public void File21_WhenRead_HasEveryField()
    {
        var state = Read(DynamicSecuritySamples.File21);

        Assert.Equal(22, state.ChangeIndex);
        Assert.Equal(new DefaultAccess(false, true, true, true), state.DefaultAccess);
        Assert.Equal(["admin", "bound", "sensor"], state.Clients.Keys);
        Assert.Equal("Admin user", state.Clients["admin"].TextName);
        Assert.True(state.Clients["admin"].Password!.Verify("adminpassword12"u8));
        Assert.Equal("bound-id", state.Clients["bound"].ClientId);
        Assert.True(state.Clients["bound"].IsDisabled);
        Assert.True(state.Clients["bound"].Password!.Verify("boundpw"u8));
        Assert.Equal([new GroupMembership("temperature", 2), new GroupMembership("humidity", 1)], state.Clients["sensor"].Groups.ToArray());
        Assert.Equal([new RoleGrant("input", 5), new RoleGrant("output", 1)], state.Groups["temperature"].Roles.ToArray());
        Assert.Equal("unauthenticated", state.AnonymousGroup);
        Assert.Equal(
            [new DynamicRule(AclType.PublishClientReceive, "house/secret", 9, false), new DynamicRule(AclType.SubscribeLiteral, "house/out", 2, true)],
            state.Roles["output"].Rules.ToArray());
        Assert.Equal(DynamicSecurityFileForm.Version21, state.FileForm);
    }

    [Theory]
    [InlineData(DynamicSecuritySamples.Init20, DynamicSecurityFileForm.Version20)]
    [InlineData(DynamicSecuritySamples.Init21, DynamicSecurityFileForm.Version21)]
    public void File_OfInit_IsReadInTheSpellingOfTheTool(string name, object form)
    {
        var state = Read(name);

        Assert.Equal(form, state.FileForm);
        var admin = state.Clients["admin"];
        Assert.Equal("Dynsec admin user", admin.TextName);
        Assert.True(admin.Password!.Verify("adminpassword12"u8));
        Assert.Equal(8, state.Roles["admin"].Rules.Length);
        Assert.True(state.Roles["admin"].AllowWildcardSubscriptions);
        Assert.Equal(DefaultAccess.Initial, state.DefaultAccess);
    }

    [Fact]
    public void File20_AfterAChange_IsStillReadableByThatVersion()
    {
        var world = new CommandWorld { State = Read(DynamicSecuritySamples.Init20) };
        world.With("""{"command":"createClient","username":"u","password":"p"}""", """{"command":"createRole","rolename":"r","allowwildcardsubs":false}""");

        var text = Encoding.UTF8.GetString(DynamicSecurityFileWriter.ToBytes(world.State));

        Assert.DoesNotContain("encoded_password", text, StringComparison.Ordinal);
        Assert.DoesNotContain("changeIndex", text, StringComparison.Ordinal);
        Assert.Equal(2, text.Split("\"salt\":").Length - 1);
        Assert.False(DynamicSecurityFile.Parse(Encoding.UTF8.GetBytes(text), "f").State.Roles["r"].AllowWildcardSubscriptions);
    }

    [Fact]
    public void Keys_InOtherSpellings_AreTheSame()
    {
        var state = Parse("""
            {"ROLES":[{"RoleName":"r","textName":"T","TextDescription":"a\nb","allowWildcardSubs":false,"ACLs":[{"aclType":"clientPublishSend","Topic":"t","Allow":true},{"acltype":"SUBSCRIBEPATTERN","topic":"t/#"}]}]}
            """);

        var role = state.Roles["r"];
        Assert.Equal(("T", "a\nb", false), (role.TextName, role.TextDescription, role.AllowWildcardSubscriptions));
        Assert.Equal([new DynamicRule(AclType.PublishClientSend, "t", 0, true), new DynamicRule(AclType.SubscribePattern, "t/#", 0, false)], role.Rules.ToArray());
    }

    [Fact]
    public void Entries_InAnyOrder_AreSortedAsMosquittoSortsThem()
    {
        var state = Parse("""
            {"clients":[{"username":"\ud83d\ude00"},{"username":"b"},{"username":"\ue000"},{"username":"a","roles":[{"rolename":"x"},{"rolename":"w"},{"rolename":"y","priority":3}]}],
             "roles":[{"rolename":"y","acls":[{"acltype":"subscribeLiteral","topic":"1"},{"acltype":"publishClientSend","topic":"2","priority":-1},{"acltype":"publishClientSend","topic":"3"},{"acltype":"publishClientSend","topic":"4"}]},{"rolename":"x"},{"rolename":"w"}]}
            """);

        Assert.Equal(["a", "b", "\ue000", "\ud83d\ude00"], state.Clients.Keys);
        Assert.Equal(["y", "w", "x"], state.Clients["a"].Roles.Select(grant => grant.RoleName));
        Assert.Equal(["3", "4", "2", "1"], state.Roles["y"].Rules.Select(rule => rule.Topic));
    }

    [Fact]
    public void References_ToNothing_AreLeftOutWithAWarning()
    {
        var file = DynamicSecurityFile.Parse(
            """
            {"clients":[{"username":"u","roles":[{"rolename":"nope"}]},
            {"username":"u"}],
            "groups":[{"groupname":"g","roles":[{"rolename":"nope"}],"clients":[{"username":"u","priority":1},{"username":"u"},{"username":"nobody"}]}],
            "anonymousGroup":"nope",
            "roles":[{"rolename":"r","acls":[{"acltype":"subscribeLiteral","topic":"#/a"},{"acltype":"subscribeLiteral","topic":"a"},{"acltype":"subscribeLiteral","topic":"a","allow":true}]},{"rolename":"r","x":1}]}
            """u8,
            "f.json");

        StateRules.Check(file.State);
        Assert.Empty(file.State.Clients["u"].Roles);
        Assert.Equal([new GroupMembership("g", 1)], file.State.Clients["u"].Groups.ToArray());
        Assert.Null(file.State.AnonymousGroup);
        Assert.Equal([new DynamicRule(AclType.SubscribeLiteral, "a", 0, false)], file.State.Roles["r"].Rules.ToArray());
        string[] lines = ["1", "2", "3", "3", "3", "4", "5", "5", "5", "5"];
        Assert.Equal(lines.Select(line => $"Warning: Dynamic security config \"f.json\", line {line}: "), file.Warnings.Select(text => text[..(text.IndexOf(": ", 40, StringComparison.Ordinal) + 2)]));
    }

    [Theory]
    [InlineData("", 1, "not valid JSON")]
    [InlineData("[]", 1, "not a JSON object")]
    [InlineData("{}}", 1, "not valid JSON")]
    [InlineData("{\n\n\"clients\":[}", 3, "not valid JSON")]
    [InlineData("{\n\"clients\":5}", 2, "clients is not an array")]
    [InlineData("{\n\"clients\":[5]}", 2, "an entry of clients is not an object")]
    [InlineData("{\"clients\":[{},\n{\"username\":\"a\"}]}", 1, "the client has no username")]
    [InlineData("{\"clients\":[{\n\"username\":1}]}", 2, "username is not a string")]
    [InlineData("{\"clients\":[{\n\"username\":\"\\u0001\"}]}", 2, "username is not valid UTF-8")]
    [InlineData("{\"clients\":[{\n\"username\":\"\\ud800\"}]}", 2, "username is not valid UTF-8")]
    [InlineData("{\"clients\":[{\"username\":\"a\",\n\"username\":\"b\"}]}", 2, "username is given twice")]
    [InlineData("{\"clients\":[{\"username\":\"a\",\n\"disabled\":1}]}", 2, "disabled is not true or false")]
    [InlineData("{\"clients\":[{\"username\":\"a\",\"encoded_password\":\"secret\"}]}", 1, "the password of client \"a\" cannot be decoded")]
    [InlineData("{\"clients\":[{\"username\":\"a\",\"password\":\"AAAA\"}]}", 1, "the password of client \"a\" cannot be decoded")]
    [InlineData("{\"clients\":[{\"username\":\"a\",\"roles\":[\n{}]}]}", 2, "an entry of roles has no rolename")]
    [InlineData("{\"clients\":[{\"username\":\"a\",\"roles\":[{\"rolename\":\"r\",\n\"priority\":\"1\"}]}]}", 2, "priority is not a number")]
    [InlineData("{\"groups\":[\n{\"textname\":\"a\"}]}", 2, "the group has no groupname")]
    [InlineData("{\"roles\":[\n{\"textname\":\"a\"}]}", 2, "the role has no rolename")]
    [InlineData("{\"roles\":[{\"rolename\":\"r\",\"acls\":[\n{\"acltype\":\"nope\",\"topic\":\"a\"}]}]}", 2, "the acltype \"nope\" is unknown")]
    [InlineData("{\"roles\":[{\"rolename\":\"r\",\"acls\":[\n{\"topic\":\"a\"}]}]}", 2, "the acl has no acltype")]
    [InlineData("{\"roles\":[{\"rolename\":\"r\",\"acls\":[\n{\"acltype\":\"subscribeLiteral\"}]}]}", 2, "the acl has no topic")]
    [InlineData("{\"defaultACLAccess\":\n[]}", 2, "defaultACLAccess is not an object")]
    [InlineData("{\"defaultACLAccess\":{\n\"subscribe\":1}}", 2, "subscribe is not true or false")]
    [InlineData("{\n\"changeIndex\":-1}", 2, "changeIndex is negative or too large")]
    [InlineData("{\n\"x\":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}", 2, "not valid JSON")]
    public void File_ThatIsBroken_IsRefusedWithFileAndLine(string text, int line, string reason)
    {
        var exception = Assert.Throws<SecurityFileException>(() => DynamicSecurityFile.Parse(Encoding.UTF8.GetBytes(text), "f.json"));

        Assert.StartsWith($"Error: Dynamic security config \"f.json\", line {line}: ", exception.Errors[0], StringComparison.Ordinal);
        Assert.Contains(reason, exception.Errors[0], StringComparison.Ordinal);
        Assert.DoesNotContain("secret", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void File_WithSeveralErrors_NamesThemAll()
    {
        var exception = Assert.Throws<SecurityFileException>(() => DynamicSecurityFile.Parse("{\"clients\":[{},\n{\"username\":1},\n{\"username\":\"a\",\"roles\":1}]}"u8, "f"));

        Assert.Equal(["line 1", "line 2", "line 3"], exception.Errors.Select(error => error.Split(", ")[1].Split(':')[0]));
    }

    [Fact]
    public void Priorities_OutOfRange_AreBroughtIntoIt()
    {
        var state = Parse("""{"roles":[{"rolename":"r","acls":[{"acltype":"subscribeLiteral","topic":"a","priority":1e300},{"acltype":"subscribeLiteral","topic":"b","priority":-200000}]}]}""");

        Assert.Equal([100_000, -100_000], state.Roles["r"].Rules.Select(rule => rule.Priority));
    }

    [Fact]
    public void Password_ThatOnly21Knows_IsWrittenInItsFormInAFileOf20()
    {
        var state = Read(DynamicSecuritySamples.Init20);
        var hash = PasswordHash.Make("x"u8, PasswordHashForm.Sha512);
        state = state with { Clients = state.Clients.SetItem("admin", state.Clients["admin"] with { Password = hash }) };

        var back = DynamicSecurityFile.Parse(DynamicSecurityFileWriter.ToBytes(state), "f").State;

        Assert.Equal(hash, back.Clients["admin"].Password);
    }

    private static DynamicSecurityState Read(string name) => DynamicSecurityFile.Parse(DynamicSecuritySamples.Bytes(name), name).State;

    private static DynamicSecurityState Parse(string text)
    {
        var file = DynamicSecurityFile.Parse(Encoding.UTF8.GetBytes(text), "f");
        Assert.Empty(file.Warnings);
        StateRules.Check(file.State);
        return file.State;
    }
}
