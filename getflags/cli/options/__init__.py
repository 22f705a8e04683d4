"""The argument parsers of the commands: options, help texts, and checks of values."""
