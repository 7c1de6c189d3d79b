"""BM25 over the model's own sub-words; the only importer of bm25s.

Sub-words serve every language without a tokenizer of our own and were measured to do as well as
stemmed English words and segmented Chinese ones.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
from numpy.typing import NDArray

from corpus.errors import CorruptReleaseError

K1, B = 1.2, 0.75  # Robertson and Zaragoza 2009, section 3.3; the measured defaults
Subwords = NDArray[np.int32]
_TERMS = "terms.npy"
_NOTHING = -1  # stands in a text without sub-words, whose length would be 0; nobody asks for it


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

    Equal texts in equal order give equal bytes. Formula: bm25s's "lucene" variant, that is
    idf = ln(1 + (n - df + 0.5) / (df + 0.5)) and tf / (tf + k1 (1 - b + b len / mean len)).
    """
    logging.getLogger("bm25s").setLevel(logging.WARNING)
    terms, places = np.unique(subwords, return_inverse=True)
    terms, lengths = terms.astype(np.int64), np.diff(starts)
    empty = np.flatnonzero(lengths == 0)
    if len(empty):
        terms, places = np.concatenate([[_NOTHING], terms]), places + 1
        places = np.insert(places, starts[empty], 0)
        lengths = np.maximum(lengths, 1)
    model = bm25s.BM25(method="lucene", k1=K1, b=B)
    model.scores, model.nonoccurrence_array = _score(places, lengths, len(terms)), None
    model.vocab_dict = {str(place): place for place in range(len(terms))}
    model.save(folder, show_progress=False)
    np.save(folder / _TERMS, terms)


def _score(places: NDArray[np.int64], lengths: NDArray[np.int64], terms: int) -> dict[str, Any]:
    """Return what bm25s scores with, by term and then by text, all terms at once.

    `places` are the terms of all texts one after another, `lengths` (n,) how many each text has.
    bm25s would do the same text by text, which takes most of the time of a build that adds one.
    """
    count = len(lengths)
    pairs = places * count + np.repeat(np.arange(count), lengths)
    pairs, times = np.unique(pairs, return_counts=True)
    owners, rows = np.divmod(pairs, count)
    held = np.bincount(owners, minlength=terms)
    idf = np.log(1 + (count - held + 0.5) / (held + 0.5)).astype(np.float32)
    weights = K1 * ((1 - B) + B * lengths / lengths.mean())
    data = idf[owners] * (times / (weights[rows] + times))
    starts = np.concatenate([[0], np.cumsum(held)])
    return {
        "data": data.astype(np.float32),
        "indices": rows.astype(np.int32),
        "indptr": starts,
        "num_docs": count,
    }


class Lexical:
    """The index of one folder, memory-mapped; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """Open `folder`; raises CorruptReleaseError where it is not such an index."""
        try:
            model = bm25s.BM25.load(folder, load_vocab=False, mmap=True, show_progress=False)
            self._terms = np.load(folder / _TERMS)
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            raise CorruptReleaseError(f"{folder}: not a word index; build again") from error
        self._rows, self._starts, self._weights = (
            np.asarray(model.scores[part]) for part in ("indices", "indptr", "data")
        )
        self.count = int(model.scores["num_docs"])
        held = np.diff(self._starts).astype(np.float64)
        self._idf = np.log1p((self.count - held + 0.5) / (held + 0.5)).astype(np.float32)
        self._idf_unseen = float(np.log1p((self.count + 0.5) / 0.5))

    def share(self, subwords: Sequence[int], texts: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Return the overlap, as in Matches, of a question with each of some texts."""
        distinct = np.unique(np.asarray(subwords, np.int64))
        places, seen = self._find(distinct)
        weights = np.where(seen, self._idf[places], self._idf_unseen)
        worth = list(zip(distinct.tolist(), weights.tolist(), strict=True))
        sets = map(frozenset, texts)  # a sentence is short: NumPy's isin takes ten times as long
        held = [sum(weight for term, weight in worth if term in text) for text in sets]
        return np.array(held, np.float32) / max(float(weights.sum()), 1e-9)

    def match(self, subwords: Sequence[int]) -> Matches:
        """Compare a question's sub-words with every passage; repeated ones count as often."""
        scores, overlap = np.zeros((2, self.count), np.float32)
        distinct, counts = np.unique(np.asarray(subwords, np.int64), return_counts=True)
        places, seen = self._find(distinct)
        for place, count in zip(places[seen], counts[seen], strict=True):
            part = slice(self._starts[place], self._starts[place + 1])
            scores[self._rows[part]] += count * self._weights[part]
            overlap[self._rows[part]] += self._idf[place]
        whole = float(self._idf[places[seen]].sum()) + self._idf_unseen * int((~seen).sum())
        return Matches(scores, overlap / whole if len(distinct) else overlap)

    def _find(self, subwords: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        places = np.searchsorted(self._terms, subwords)
        places = np.minimum(places, len(self._terms) - 1)
        return places, self._terms[places] == subwords
