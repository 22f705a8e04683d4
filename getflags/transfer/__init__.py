"""One file's transfer: the decisions, without I/O."""
