"""One module a command: from its arguments to its exit code."""
