"""What every other package shares: values, events, errors, text."""
