namespace OnDeviceLearning.Demo;

/// <summary>The keys the game knows. Digits and letters come as text.</summary>
internal enum GameKey { Up, Down, Left, Right, Enter, Escape, Space, Tab, Backspace, Delete, Home, End, Overlay, Device, Save }

/// <summary>What is on the page.</summary>
internal enum Page { Title, Book, Edit, Duel, Pause, Verdict }

/// <summary>What is being written in the book.</summary>
internal enum EditField { Words, Name, NewName, NewWords }
