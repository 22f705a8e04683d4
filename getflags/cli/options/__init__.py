"""The options of each command: argument strings in, checked values out."""
