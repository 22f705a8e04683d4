"""Trials: run any download client against the faults of the bundled servers, and judge it.

``faults``, ``placeholders``, ``verdict`` and ``table`` are pure. ``files`` writes the served files
and compares what arrived, ``processes`` runs a command, ``trial`` runs the whole.
"""
