"""Short programs to read and to run; each says in its first lines what it teaches.

==================== =======================================================================
dns_probe            many look-ups, a few at a time, answers in order of completion
country_names        two requests for each flag behind one semaphore
blocked_loop         what blocks an event loop, and which tasks are alive
test_own_client      your own client, tested on a server that misbehaves on demand
test_requests_client the same for a client that uses requests, with its requests and the truth
test_aiohttp_client  the same for a client that uses aiohttp
==================== =======================================================================
"""
