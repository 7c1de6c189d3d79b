"""Sentences as questions are compared with them: what does not depend on the question, made once.

The same passages come near many questions. Their sentences are cut into stems once, and those of
the passages asked for last are kept.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from corpus.stems import list_stems

KEPT = 1000  # passages, about 12 kB each
_NUMBER = re.compile(r"\d+(?:[.,\u00a0\u202f]\d{3})*(?:[.,]\d+)?")
_BETWEEN_THOUSANDS = re.compile(r"[.,\u00a0\u202f](?=\d{3}(?:\D|$))")


@dataclass(frozen=True, slots=True)
class Stemmed:
    """A sentence and what it holds: stems, of which `length`, their pairs, and numbers."""

    text: str
    length: int
    stems: frozenset[str]
    pairs: frozenset[tuple[str, str]]
    numbers: frozenset[str]


def stem(text: str) -> Stemmed:
    """Return a sentence as it is compared with questions."""
    stems = list_stems(text)
    return Stemmed(
        text, len(stems), frozenset(stems), frozenset(pairwise(stems)), find_numbers(text)
    )


def find_numbers(text: str) -> frozenset[str]:
    """Return the numbers in a text, thousands unmarked."""
    return frozenset(_BETWEEN_THOUSANDS.sub("", each) for each in _NUMBER.findall(text))


class StemmedPassages:
    """The sentences of the passages asked for last; safe to share between threads."""

    def __init__(self) -> None:
        """Start with none."""
        self._kept: OrderedDict[int, tuple[Stemmed, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def stem(self, row: int, list_texts: Callable[[], Sequence[str]]) -> tuple[Stemmed, ...]:
        """Return the sentences of a passage, by its row; `list_texts` gives what is not kept."""
        with self._lock:
            if row in self._kept:
                self._kept.move_to_end(row)
                return self._kept[row]
        made = tuple(map(stem, list_texts()))
        with self._lock:
            self._kept[row] = made
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made
