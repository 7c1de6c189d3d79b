"""The editor's page: who may enter, what is shown, and what stands behind it."""
