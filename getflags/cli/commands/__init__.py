"""The commands, one module each: a module parses its arguments and returns the exit code."""
