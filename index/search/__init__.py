"""A question to candidates: parsed once, looked for by meaning, by words, through a dictionary."""
