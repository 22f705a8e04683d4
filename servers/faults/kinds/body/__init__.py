"""Faults in the body of a response, or in its length."""
