"""A text's language, sentences, script and stems; knows no model."""
