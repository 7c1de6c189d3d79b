"""One file for each module, and the contracts between them."""
