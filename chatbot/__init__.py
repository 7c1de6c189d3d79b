"""Questions in, cited answers out; imports `index` and `corpus`."""
