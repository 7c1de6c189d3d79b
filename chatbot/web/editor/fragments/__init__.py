"""Parts of the editor's page as HTML: pure functions."""
