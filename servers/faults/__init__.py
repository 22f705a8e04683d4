"""The faults that a server injects: their kinds, their rules, and their random draws."""
