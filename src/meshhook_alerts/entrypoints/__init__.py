"""Ways in: the API, the worker, the command line."""
