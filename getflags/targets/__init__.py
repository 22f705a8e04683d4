"""Targets: lists of URLs and country codes, their URLs and their file names."""
