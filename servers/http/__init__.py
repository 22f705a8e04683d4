"""HTTP/1.1 on the server's side: requests, responses, ranges, validators, bodies."""
