"""The kinds of faults, one module per fault. To add one, list its module in `registry`."""
