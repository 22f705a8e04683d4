"""Races: every engine downloads the same targets in a separate process.

``standings``, ``bars`` and ``ranking`` are pure. ``track`` starts the ``racer`` processes and
receives their reports; a ``job`` contains the downloads of a racer.
"""
