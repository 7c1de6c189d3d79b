"""Sentences as questions are compared with them: what does not depend on the question, made once.

The same chunks come near many questions. Their sentences are cut into stems once, and those of the
chunks asked for last are kept.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from corpus.language.stems import list_stems
from corpus.tables import Said

KEPT = 400  # chunks, about 30 kB each
_NUMBER = re.compile(r"\d+(?:[.,\u00a0\u202f]\d{3})*(?:[.,]\d+)?")
_BETWEEN_THOUSANDS = re.compile(r"[.,\u00a0\u202f](?=\d{3}(?:\D|$))")


@dataclass(frozen=True, slots=True)
class Stemmed:
    """A sentence as it is read and what it holds: stems, of which `length`, pairs, and numbers.

    `header` tells that it is the first row of a table, and no fact.
    """

    text: str
    header: bool
    length: int
    stems: frozenset[str]
    pairs: frozenset[tuple[str, str]]
    numbers: frozenset[str]


def stem(said: Said) -> Stemmed:
    """Return a sentence as it is compared with questions."""
    stems = list_stems(said.words)
    return Stemmed(
        said.words, said.header, len(stems), frozenset(stems), frozenset(pairwise(stems)),
        find_numbers(said.words),
    )  # fmt: skip


def find_numbers(text: str) -> frozenset[str]:
    """Return the numbers in a text, thousands unmarked."""
    return frozenset(_BETWEEN_THOUSANDS.sub("", each) for each in _NUMBER.findall(text))


class StemmedChunks:
    """The sentences of the chunks asked for last; safe to share between threads."""

    def __init__(self) -> None:
        """Start with none."""
        self._kept: OrderedDict[int, tuple[Stemmed, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def stem(self, chunk: int, list_texts: Callable[[], Sequence[Said]]) -> tuple[Stemmed, ...]:
        """Return the sentences of a chunk, by its number; `list_texts` gives what is not kept."""
        with self._lock:
            if chunk in self._kept:
                self._kept.move_to_end(chunk)
                return self._kept[chunk]
        made = tuple(map(stem, list_texts()))
        with self._lock:
            self._kept[chunk] = made
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made
