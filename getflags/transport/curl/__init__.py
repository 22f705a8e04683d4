"""The transport on libcurl, through pycurl."""
