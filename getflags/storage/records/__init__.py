"""The records of downloads: one beside each part file, one with each complete file."""
