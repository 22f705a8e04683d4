"""What goes wrong, how often, and for which requests."""
