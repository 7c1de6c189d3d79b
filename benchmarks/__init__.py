"""What is claimed to be good or fast, measured; one command each, results in LOG.md."""
