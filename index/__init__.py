"""Passages in, ranked hits out; imports `corpus` alone."""
