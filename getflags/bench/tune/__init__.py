"""The search behind ``getflags tune``: the choice of the next level, and the final advice.

Both modules are pure. The tests run them against simulated servers whose best level is known.
"""
