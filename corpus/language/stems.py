"""A text's words as they are compared, in every script: their stems, and texts without case.

Chunks are indexed by them, so they belong to how documents are read: a release whose stems were
made otherwise is not copied from, see corpus.readers.reader_version.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set

from corpus.language.script import simplify

SAME = 0.8  # of the stems of the shorter of two texts that say the same

_WORD = re.compile(r"[^\W_]+")
_ACCENTS = re.compile(r"[\u0300-\u036f]")
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")
_STEM = 5  # letters that inflected and derived forms of a word mostly share
# Letters that spell the same in words that languages share, in the order in which they are put:
# Mexiko and México, Prozess and proceso, Philadelphia and Filadelfia begin alike then.
_SPELLINGS = (
    ("sch", "x"), ("sh", "x"), ("ch", "x"), ("ph", "f"), ("th", "t"), ("ck", "k"), ("qu", "k"),
    ("q", "k"), ("ce", "se"), ("ci", "si"), ("cy", "si"), ("c", "k"), ("z", "s"), ("y", "i"),
    ("w", "v"), *((2 * letter, letter) for letter in "abdefgiklmnoprstu"),
)  # fmt: skip


def fold(text: str) -> str:
    """Return a text without case and accents, its signs simplified; kana stay voiced."""
    if text.isascii():  # most are: a question has its ten passages folded
        return text.lower()
    spelled = unicodedata.normalize("NFD", text.casefold().replace("’", "'"))
    return simplify(unicodedata.normalize("NFC", _ACCENTS.sub("", spelled)))


def say_the_same(one: Set[str], other: Set[str]) -> bool:
    """Tell whether two texts share most of their stems, or one holds the other."""
    return len(one & other) >= SAME * min(len(one), len(other))


def list_stems(text: str) -> list[str]:
    """Return the first letters of every word, and the pairs of signs of unspaced scripts.

    Words are spelled by _SPELLINGS before, so that many begin alike in every language.
    """
    text = fold(text)
    for letters, alike in _SPELLINGS:
        text = text.replace(letters, alike)
    found = []
    for word in _WORD.findall(text):
        if word.isascii() or not UNSPACED.search(word):
            found.append(word if word.isdigit() else word[:_STEM])
        else:
            found += [word[at : at + 2] for at in range(len(word) - 1)] or [word]
    return found
