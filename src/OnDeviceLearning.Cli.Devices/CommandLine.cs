using System.CommandLine;

namespace OnDeviceLearning.Cli;

/// <summary>Runs a command line. Exit codes: 0 done, 1 failed, 2 wrong usage; a failure is one sentence on the error stream.</summary>
internal static class CommandLine
{
    public const int Failed = 1, WrongUsage = 2;

    public static int Run(RootCommand root, string name, string[] args, TextWriter output, TextWriter error)
    {
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            error.WriteLine($"{name}: {OneLine(Wrong(parsed)).TrimEnd('.')}. Try '{name} --help'.");
            return WrongUsage;
        }
        try
        {
            return parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
                // An interrupted training run still keeps its state.
                ProcessTerminationTimeout = TimeSpan.FromMinutes(1),
            }).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            error.WriteLine($"{name}: stopped.");
            return Failed;
        }
        // Everything a file, a device or an argument can do wrong; anything else is a mistake of the tool, and its trace is wanted.
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or ArgumentException or ModelFormatException or DeviceException)
        {
            error.WriteLine($"{name}: {OneSentence(e.Message)}");
            return Failed;
        }
    }

    /// <summary>What is wrong; where a command is missing, which word stands in its place and which ones would do.</summary>
    private static string Wrong(ParseResult parsed)
    {
        IList<Command> commands = parsed.CommandResult.Command.Subcommands;
        if (commands.Count == 0) return parsed.Errors[0].Message;
        string found = parsed.UnmatchedTokens.Count > 0 ? $"'{parsed.UnmatchedTokens[0]}' is not a command" : "a command is missing";
        return $"{found}; expected one of {string.Join(", ", commands.Where(c => !c.Hidden).Select(c => c.Name).Order(StringComparer.Ordinal))}.";
    }

    /// <summary>The message on one line, without the parameter name that argument exceptions append.</summary>
    private static string OneSentence(string message)
    {
        int parameter = message.IndexOf(" (Parameter '", StringComparison.Ordinal);
        return OneLine(parameter < 0 ? message : message[..parameter]);
    }

    /// <summary>Lists of what is allowed come with a line for each.</summary>
    private static string OneLine(string message) => string.Join(' ', message.Split(['\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries));
}
