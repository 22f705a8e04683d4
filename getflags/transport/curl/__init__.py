"""The curl transport: libcurl through pycurl."""
