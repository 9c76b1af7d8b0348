using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace OnDeviceLearning.Tests.House;

/// <summary>The repository's own files: what git tracks or would track; without git, everything but build output.</summary>
internal static class RepositoryFiles
{
    private static readonly string[] Ignored = ["bin", "obj", "artifacts", "runs", "TestResults", ".git", ".vs", ".idea"];

    public static string Root { get; } = FindRoot();

    /// <summary>Paths relative to the root, with forward slashes.</summary>
    public static IReadOnlyList<string> All { get; } = [.. (AskGit() ?? Walk(Root)).Where(path => File.Exists(PathOf(path))).Order(StringComparer.Ordinal)];

    public static IEnumerable<string> Below(string folder, string extension) =>
        All.Where(path => path.StartsWith(folder + "/", StringComparison.Ordinal) && path.EndsWith(extension, StringComparison.Ordinal));

    public static string PathOf(string relative) => Path.Combine(Root, relative);

    /// <summary>The text with line feeds alone, whatever the checkout did.</summary>
    public static string Read(string relative) => File.ReadAllText(PathOf(relative)).ReplaceLineEndings("\n");

    private static string[]? AskGit()
    {
        try
        {
            ProcessStartInfo start = new("git", ["-c", "core.quotePath=false", "ls-files", "--cached", "--others", "--exclude-standard"])
            {
                WorkingDirectory = Root,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using Process git = Process.Start(start)!;
            git.ErrorDataReceived += (_, _) => { };
            git.BeginErrorReadLine();
            string[] paths = git.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            git.WaitForExit();
            return git.ExitCode == 0 && paths.Length > 0 ? paths : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // no git on this machine: a source archive
        }
    }

    private static IEnumerable<string> Walk(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder))
            yield return Path.GetRelativePath(Root, file).Replace('\\', '/');
        foreach (string child in Directory.EnumerateDirectories(folder))
            if (!Ignored.Contains(Path.GetFileName(child)))
                foreach (string file in Walk(child))
                    yield return file;
    }

    private static string FindRoot()
    {
        foreach (string? start in new[] { Path.GetDirectoryName(ThisFile()), AppContext.BaseDirectory, Environment.CurrentDirectory })
            for (DirectoryInfo? folder = start is null ? null : new(start); folder is not null; folder = folder.Parent)
                if (File.Exists(Path.Combine(folder.FullName, "OnDeviceLearning.sln")))
                    return folder.FullName;
        throw new DirectoryNotFoundException("OnDeviceLearning.sln lies in no folder above this source, the test's assembly or the working folder.");
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
