"""What type checkers make of the public API, seen from a user's script."""
