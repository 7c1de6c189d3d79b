"""Documents in, evidence out; imports `corpus` alone."""
