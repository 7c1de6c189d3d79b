"""Texts to vectors and to the states of sub-words: models, their export, their tokenizers."""
