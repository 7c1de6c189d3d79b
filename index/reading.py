"""Sentences as questions are compared with them: what does not depend on the question, read once.

The same passages come near many questions. Their sentences are cut into words once, and those of
the passages asked for last are kept.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

from index.encoder import Encoder
from index.kinds import Signs, read_signs

SAME = 0.8  # of the stems of the shorter of two texts that say the same
KEPT = 1000  # passages, about 12 kB each

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


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence and what it holds: sub-words, of which `length`, their pairs, stems and signs."""

    text: str
    length: int
    subwords: frozenset[int]
    pairs: frozenset[tuple[int, int]]
    stems: frozenset[str]
    signs: Signs


def read(text: str, subwords: Sequence[int]) -> Reading:
    """Return a sentence as it is compared with questions."""
    return Reading(
        text, len(subwords), frozenset(subwords), frozenset(pairwise(subwords)),
        frozenset(list_stems(text)), read_signs(text),
    )  # fmt: skip


def fold(text: str) -> str:
    """Return a text without case and accents; the voicing of kana is kept."""
    if text.isascii():  # most are: a question has its ten passages folded
        return text.lower()
    spelled = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return unicodedata.normalize("NFC", _ACCENTS.sub("", spelled))


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


class Readings:
    """The sentences of the passages asked for last; safe to share between threads."""

    def __init__(self) -> None:
        """Start with none."""
        self._kept: OrderedDict[int, tuple[Reading, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def read(
        self, encoder: Encoder, rows: Sequence[int], texts: Sequence[Sequence[str]]
    ) -> list[tuple[Reading, ...]]:
        """Return the sentences of some passages, given their rows and their sentences' texts."""
        with self._lock:
            found = {row: self._kept[row] for row in rows if row in self._kept}
            for row in found:
                self._kept.move_to_end(row)
        new = {row: said for row, said in zip(rows, texts, strict=True) if row not in found}
        if new:
            split = iter(encoder.split_subwords([text for said in new.values() for text in said]))
            made = {row: tuple(read(text, next(split)) for text in new[row]) for row in new}
            found |= made
            with self._lock:
                self._kept |= made
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
        return [found[row] for row in rows]
