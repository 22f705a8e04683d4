"""The tests: a file for each module, one scenario table for all engines, and the house's rules."""
