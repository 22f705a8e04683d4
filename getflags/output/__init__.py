"""Event handlers that produce output: progress, JSON lines, log records, the summary."""
