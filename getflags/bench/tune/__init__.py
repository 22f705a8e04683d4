"""The search behind ``getflags tune``: which level to measure next, and what to advise at the end.

Both modules are pure. The tests run them against simulated servers whose best level is known.
"""
