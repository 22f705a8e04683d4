"""Which target is fetched next, and how many are in flight."""
