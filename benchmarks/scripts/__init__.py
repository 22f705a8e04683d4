"""Downloaders that the benchmark needs and nobody ships: one small program a library.

Two are what a competent user of httpx or aiohttp writes for a list of URLs; two call the libraries
parfive and pypdl as their manuals do. All take the same words, see ``words.py``; each is run as a
program, and none knows of getflags.
"""
