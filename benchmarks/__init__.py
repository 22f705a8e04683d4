"""Measurements for developers: each prints its figures and needs nothing but this checkout.

Not part of the package, not run by CI: they take minutes, and a noisy machine may spoil them.
"""
