"""Resources that behave as real servers do: statuses, redirects, cookies, passwords."""
