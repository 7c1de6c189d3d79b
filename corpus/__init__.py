"""Documents in, passages out: it knows files and texts, and neither index nor chat."""
