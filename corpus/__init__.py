"""Documents in, passages out: the room that knows files and texts, and neither index nor chat."""
