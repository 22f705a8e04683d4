"""Decoding of compressed bodies (``--compressed``), between a client and the transfers."""
