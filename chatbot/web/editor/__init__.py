"""The editor's page: who may enter, what is shown, and the desk behind it."""
