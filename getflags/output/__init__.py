"""Readers of events: the progress bar, JSON lines, the summary."""
