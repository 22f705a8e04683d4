"""Limits on how fast bytes may come."""
