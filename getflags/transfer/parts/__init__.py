"""Parts of a file: the ranges that are requested, and a body that several connections receive."""
