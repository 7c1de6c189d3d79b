"""The widget: its script, its frame, and the routes that serve them."""
