"""Limits on the rate at which data is received."""
