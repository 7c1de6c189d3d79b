"""BM25 over the model's own sub-words.

    terms.npy     (t,) int64: the sub-words that any text has, ascending
    starts.npy    (t + 1,) int64: where each term's entries begin in the next two
    rows.npy      (e,) int32: the texts that hold the term, ascending
    weights.npy   (e,) float32: what the term adds to each one's score
    count.npy     () int64: how many texts there are

Sub-words serve every language without a tokenizer of our own and were measured to do as well as
stemmed English words and segmented Chinese ones. What a term adds to a text's score is known at the
build, so a question only adds up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import CorruptReleaseError

K1, B = 1.2, 0.75  # Robertson and Zaragoza 2009, section 3.3; the measured defaults
Subwords = NDArray[np.int32]
_PARTS = ("terms", "starts", "rows", "weights", "count")


@dataclass(frozen=True, slots=True)
class Matches:
    """What the words of a question find in each of the n passages.

    `scores` (n,) float32: BM25. `overlap` (n,) float32, 0 to 1: the share of the question's
    distinct sub-words, weighted by their rarity (idf), that the passage holds.
    """

    scores: NDArray[np.float32]
    overlap: NDArray[np.float32]


def write_lexical(subwords: Subwords, starts: NDArray[np.int64], folder: Path) -> None:
    """Index the sub-words of each of n texts and write the index into `folder`.

    `subwords` are those of all texts one after another, `starts` (n + 1,) where each text's begin.

    Equal texts in equal order give equal bytes. A term that stands tf times in a text of len
    sub-words, and in df texts at all, adds idf tf / (tf + k1 (1 - b + b len / mean len)), with
    idf = ln(1 + (n - df + 0.5) / (df + 0.5)).
    """
    lengths = np.diff(starts)
    count = len(lengths)
    terms, places = np.unique(subwords, return_inverse=True)
    pairs = places.astype(np.int64) * count + np.repeat(np.arange(count), lengths)
    pairs, times = np.unique(pairs, return_counts=True)
    owners, rows = np.divmod(pairs, max(count, 1))
    held = np.bincount(owners, minlength=len(terms))
    norms = K1 * (1 - B + B * lengths / max(float(lengths.mean()), 1.0))
    weights = _weigh(held, count)[owners] * (times / (norms[rows] + times))
    made: tuple[NDArray[Any], ...] = (
        terms.astype(np.int64),
        np.concatenate([[0], np.cumsum(held)]).astype(np.int64),
        rows.astype(np.int32),
        weights.astype(np.float32),
        np.array(count, np.int64),
    )
    folder.mkdir(exist_ok=True)
    for name, array in zip(_PARTS, made, strict=True):
        np.save(folder / f"{name}.npy", array)


def _weigh(held: NDArray[np.int64], count: int) -> NDArray[np.float32]:
    """Return the idf of terms that so many of `count` texts hold."""
    return np.log1p((count - held + 0.5) / (held + 0.5)).astype(np.float32)


class Lexical:
    """The index of one folder, memory-mapped; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """Open `folder`; raises CorruptReleaseError where it is not such an index."""
        try:
            # Plain arrays, mapped all the same: parts of a memmap cost ten times as much to take.
            self._terms, self._starts, self._rows, self._weights, count = (
                np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in _PARTS
            )
            if len(self._starts) != len(self._terms) + 1 or self._starts[-1] != len(self._rows):
                raise ValueError("its parts do not fit each other")
        except (OSError, EOFError, ValueError, IndexError, TypeError) as error:
            raise CorruptReleaseError(f"{folder}: not a word index; build again") from error
        self.count = int(count)
        self._idf = _weigh(np.diff(self._starts), self.count)
        self._idf_unseen = float(_weigh(np.array(0), self.count))

    def weigh(self, subwords: Sequence[int]) -> NDArray[np.float32]:
        """Return the rarity of each distinct one of some sub-words, by number; they add up to 1."""
        weights = self._rarity(*self._find(np.unique(np.asarray(subwords, np.int64))))
        return weights / np.float32(max(float(weights.sum()), 1e-9))

    def match(self, subwords: Sequence[int]) -> Matches:
        """Compare a question's sub-words with every passage; repeated ones count as often."""
        counts = Counter(subwords)
        distinct = sorted(counts)
        places, seen = self._find(np.array(distinct, np.int64))
        sizes, rows, weights = self._take(places[seen])
        times = np.array([counts[each] for each in distinct], np.float32)[seen]
        scores = np.bincount(rows, np.repeat(times, sizes) * weights, self.count)
        overlap = np.bincount(rows, np.repeat(self._idf[places[seen]], sizes), self.count)
        whole = max(float(self._rarity(places, seen).sum()), 1e-9)
        return Matches(scores.astype(np.float32), (overlap / whole).astype(np.float32))

    def find_holding(self, subwords: Sequence[int]) -> NDArray[np.int64]:
        """Return the rows of the texts that hold every one of some sub-words, ascending, int64."""
        distinct = np.array(sorted(set(subwords)), np.int64)
        places, seen = self._find(distinct)
        if not len(places) or not seen.all():
            return np.empty(0, np.int64)
        return np.flatnonzero(np.bincount(self._take(places)[1]) == len(places))

    def _take(
        self, places: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
        """Return of some terms how many entries each has, and their rows and weights, in order."""
        firsts, ends = self._starts[places], self._starts[places + 1]
        parts = [slice(*each) for each in zip(firsts.tolist(), ends.tolist(), strict=True)]
        rows = np.concatenate([self._rows[:0], *(self._rows[part] for part in parts)])
        weights = np.concatenate([self._weights[:0], *(self._weights[part] for part in parts)])
        return ends - firsts, rows, weights

    def _find(self, subwords: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the place of each sub-word among the terms, and whether it is there at all."""
        places = np.searchsorted(self._terms, subwords)
        seen = places < len(self._terms)
        seen[seen] = self._terms[places[seen]] == subwords[seen]
        return places, seen

    def _rarity(self, places: NDArray[np.int64], seen: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Return the idf of what `_find` found, that of a term of no text for what is not there."""
        weights = np.full(len(places), self._idf_unseen, np.float32)
        weights[seen] = self._idf[places[seen]]
        return weights
