"""Documents in, passages out: the package that knows files and texts, and neither index nor chat."""
