"""How programs ask: the line that questions stand in, and the protocols beside Casebook's own."""
