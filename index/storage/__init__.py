"""A release on disk: its rows and words, written once and mapped."""
