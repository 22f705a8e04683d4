"""Scheduling: which target is fetched next, and how many are in flight at a time."""
