using Nightjar.Host.Verbs;

string verb = args.Length > 0 ? args[0] : "";
using var stop = new CancellationTokenSource();
using Stream input = Console.OpenStandardInput();
using Stream output = Console.OpenStandardOutput();
Console.CancelKeyPress += (_, e) => { e.Cancel = true; stop.Cancel(); };
return verb switch
{
    "pub" => await PubVerb.RunAsync(args[1..], input, output, Console.Error, stop.Token),
    "sub" => await SubVerb.RunAsync(args[1..], input, output, Console.Error, stop.Token),
    "rr" => await RrVerb.RunAsync(args[1..], input, output, Console.Error, stop.Token),
    _ => 1,
};
