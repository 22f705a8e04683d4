"""The commands: each module runs one, from its arguments to its exit code."""
