// What is built in place of the game where the packages of the window are not asked for; see the project file.
Console.Error.WriteLine("The window is not built in here: add -p:SilkWindow=true. Without a window, the tour plays the game: dotnet run -c Release --project demo/Sigils");
return 1;
