"""Documents in, passages out; imports neither of the other two rooms."""
