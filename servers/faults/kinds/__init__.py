"""The kinds of faults, one module each. To add one, write a module and list it in `registry`."""
