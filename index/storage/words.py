"""Which chunks hold which words: an inverted index of terms.

    terms.npy     (t,) int64: the numbers of the terms that any chunk has, ascending
    starts.npy    (t + 1,) int64: where each term's entries begin in the next two
    rows.npy      (e,) int32: the chunks that hold the term, ascending
    weights.npy   (e,) float32: how far the term is met there, see `write_words`
    count.npy     () int64: how many chunks there are

A term's weight in a chunk depends on that chunk alone: BM25's saturation with a fixed mean length
in place of the collection's. How much a term tells is the question's business, see
index.languages.rarity. So a chunk's share of a question's words is the same in every collection.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import CorruptReleaseError

K1, B = 1.2, 0.75  # Robertson and Zaragoza 2009, section 3.3; the measured defaults
LENGTH = 180.0  # terms of a usual chunk
Numbers = NDArray[np.int64]
Group = tuple[Sequence[int], float]  # the numbers of terms that mean the same, and their weight
_PARTS = ("terms", "starts", "rows", "weights", "count")


def write_words(terms: Numbers, starts: Numbers, folder: Path) -> None:
    """Index the terms of each of n chunks and write the index into `folder`.

    `terms` are the numbers of all chunks' terms one after another, `starts` (n + 1,) where each
    chunk's begin. Equal terms in equal order give equal bytes. A term that stands tf times in a
    chunk of len terms weighs tf / (tf + k1 (1 - b + b len / LENGTH)) there.
    """
    lengths = np.diff(starts)
    count = len(lengths)
    distinct, places = np.unique(terms, return_inverse=True)
    pairs = places.astype(np.int64) * count + np.repeat(np.arange(count), lengths)
    pairs, times = np.unique(pairs, return_counts=True)
    owners, rows = np.divmod(pairs, max(count, 1))
    held = np.bincount(owners, minlength=len(distinct))
    norms = K1 * (1 - B + B * lengths / LENGTH)
    made: tuple[NDArray[Any], ...] = (
        distinct.astype(np.int64),
        np.concatenate([[0], np.cumsum(held)]).astype(np.int64),
        rows.astype(np.int32),
        (times / (norms[rows] + times)).astype(np.float32),
        np.array(count, np.int64),
    )
    folder.mkdir(exist_ok=True)
    for name, array in zip(_PARTS, made, strict=True):
        np.save(folder / f"{name}.npy", array)


class Words:
    """The index of one folder, memory-mapped; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """Open `folder`; raises CorruptReleaseError where it is not such an index."""
        try:
            # Plain arrays, mapped all the same: parts of a memmap cost ten times as much to take.
            self._terms, self._starts, self._rows, self._weights, count = (
                np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in _PARTS
            )
            sizes = len(self._terms) + 1, int(self._starts[-1]), int(self._starts[-1])
            if sizes != (len(self._starts), len(self._rows), len(self._weights)):
                raise ValueError("its parts do not fit each other")
            self.count = int(count)
        except (OSError, EOFError, ValueError, IndexError, TypeError) as error:
            raise CorruptReleaseError(f"{folder}: not a word index; build again") from error

    def share(self, groups: Sequence[Group]) -> NDArray[np.float32]:
        """Return the share of a question's words that each of the n chunks meets, (n,), 0 to 1.

        A group is met as far as that term of it that the chunk meets most; groups count by their
        weights.
        """
        shares = np.zeros(self.count, np.float32)
        whole = sum(weight for _, weight in groups)
        if not whole:
            return shares
        rows, weights = [self._rows[:0]], [self._weights[:0]]
        for terms, weight in groups:
            parts = [part for term in terms if (part := self._find(term)) is not None]
            if not parts:
                continue
            held = np.concatenate([self._rows[part] for part in parts])
            met = np.concatenate([self._weights[part] for part in parts])
            if len(parts) > 1:
                order = np.lexsort((-met, held))
                held, met = held[order], met[order]
                first = np.diff(held, prepend=-1) > 0
                held, met = held[first], met[first]
            rows.append(held)
            weights.append(met * np.float32(weight / whole))
        return np.bincount(
            np.concatenate(rows), np.concatenate(weights), self.count
        ).astype(np.float32)  # fmt: skip

    def find_holding(self, terms: Sequence[int]) -> Numbers:
        """Return the chunks that hold every one of some terms, ascending, int64."""
        parts = [self._find(term) for term in set(terms)]
        if not parts or None in parts:
            return np.empty(0, np.int64)
        rows = np.concatenate([self._rows[part] for part in parts if part is not None])
        return np.flatnonzero(np.bincount(rows) == len(parts))

    def _find(self, term: int) -> slice | None:
        """Return where the entries of a term stand, None where no chunk has it."""
        place = int(np.searchsorted(self._terms, term))
        if place == len(self._terms) or self._terms[place] != term:
            return None
        return slice(int(self._starts[place]), int(self._starts[place + 1]))
