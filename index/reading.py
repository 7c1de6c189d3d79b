"""Sentences as questions are compared with them: what does not depend on the question, read once.

The same passages come near many questions. Their sentences are cut into words once, and those of
the passages asked for last are kept.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from corpus.stems import list_stems
from index.kinds import Signs, read_signs

KEPT = 1000  # passages, about 12 kB each


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence and what it holds: stems, of which `length`, their pairs, and signs."""

    text: str
    length: int
    stems: frozenset[str]
    pairs: frozenset[tuple[str, str]]
    signs: Signs


def read(text: str) -> Reading:
    """Return a sentence as it is compared with questions."""
    stems = list_stems(text)
    return Reading(text, len(stems), frozenset(stems), frozenset(pairwise(stems)), read_signs(text))


class Readings:
    """The sentences of the passages asked for last; safe to share between threads."""

    def __init__(self) -> None:
        """Start with none."""
        self._kept: OrderedDict[int, tuple[Reading, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, row: int, list_texts: Callable[[], Sequence[str]]) -> tuple[Reading, ...]:
        """Return the sentences of a passage, by its row; `list_texts` gives what is not kept."""
        with self._lock:
            if row in self._kept:
                self._kept.move_to_end(row)
                return self._kept[row]
        made = tuple(map(read, list_texts()))
        with self._lock:
            self._kept[row] = made
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made
