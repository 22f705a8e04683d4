"""HTTP/1.1 on the server side: requests, responses, ranges, validators, bodies."""
