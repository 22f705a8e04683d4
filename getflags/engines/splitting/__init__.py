"""Several connections for one file: the streams beside the transfer's own request."""
