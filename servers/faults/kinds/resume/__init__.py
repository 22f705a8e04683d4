"""Faults that affect resumed downloads: wrong ranges and changing entity tags."""
