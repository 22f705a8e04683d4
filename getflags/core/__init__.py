"""The modules that all other packages share: values, events, errors, settings, text."""
