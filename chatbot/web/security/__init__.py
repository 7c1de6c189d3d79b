"""Who may pass, how much, and what browsers are told."""
