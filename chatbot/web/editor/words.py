"""The words of the editor's page, from chatbot.locales.

What an error says of a document comes from the error itself, in English, as the verbs print it.
"""

from __future__ import annotations

from chatbot.locales import read_words

EDITOR = read_words("editor")


def count(key: str, number: int, language: str) -> str:
    """Return how many there are, in a word that fits one of them too."""
    words = EDITOR[language]
    return words[f"{key}_one"] if number == 1 else words[key].format(count=number)
