"""Faults that replace the response: refusals, errors, redirect loops, garbage."""
