"""The command line: its verbs, and what they say on the terminal."""
