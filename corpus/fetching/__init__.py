"""Pages and files of the web: addresses, what may be fetched, what was packed."""
