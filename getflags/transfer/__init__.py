"""One file's transfer: the decisions (sans-IO) and the two shells that carry them out."""
