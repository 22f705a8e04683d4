"""Races: every engine downloads the same targets in a process of its own.

``standings``, ``bars`` and ``ranking`` are pure. ``track`` starts the ``racer`` processes and
receives their reports; a ``job`` tells a racer what to download.
"""
