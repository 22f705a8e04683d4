"""From the words that a user gives to targets: lists, country codes, file names."""
