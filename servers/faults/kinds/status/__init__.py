"""Faults that replace the whole response: refusals, errors, redirect loops, garbage."""
