"""Faults in a response's body or its length."""
