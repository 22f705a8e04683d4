"""Faults that a client meets when it resumes: ranges and entity tags."""
