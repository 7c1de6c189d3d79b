"""Questions in, cited answers out; imports `index` and `corpus`."""

VERSION = "0.2.0"
